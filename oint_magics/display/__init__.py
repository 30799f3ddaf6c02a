"""What people see: tables, texts, times."""
