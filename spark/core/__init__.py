"""The core: payloads, configs, modules, variables, state, errors."""
