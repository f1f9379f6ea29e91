"""A log as large as one likes, to try and to measure the report on."""
