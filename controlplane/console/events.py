"""Activity events of the console."""

CONSOLE_LOGIN = "baremint.console.login"
CLASS_RESET = "baremint.class.reset"
