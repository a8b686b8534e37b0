"""The router's tables over time, for `runtime.migrations.migrate`."""

PACKAGE = "services.router.migrations"
