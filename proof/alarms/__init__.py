"""Which faults raise which alarms."""
