"""What is read from each vendor, declared: a file a vendor. Light to import, since DAG files do."""
