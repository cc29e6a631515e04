"""The audit log: every access to a case or to a person's data, every change and every file that left."""
