"""The ground floor: ending processes, signals, ports, locks, the OpenMP runtime. Nothing here knows what a run is."""
