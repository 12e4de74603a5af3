"""Running everything on one machine: processes, ports, health."""
