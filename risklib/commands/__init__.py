"""The subcommands of ``risklib``, a module each: arguments in, text and exit codes out; nothing is computed here."""
