select audit.writers_without_number()
