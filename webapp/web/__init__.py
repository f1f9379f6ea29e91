"""What every page shares: headers, forms, rendering, page cursors."""
