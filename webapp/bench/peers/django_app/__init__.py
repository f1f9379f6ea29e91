"""A Django application whose one model is tracked by django-pghistory."""
