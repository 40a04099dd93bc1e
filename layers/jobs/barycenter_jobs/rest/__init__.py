"""The REST API: ScheduleZero's history of executions, metrics, probes, and a description of it all."""
