"""Pure decisions: no I/O, no clock, no chance, no logging. Live, replay and backtest are one and the same function."""
