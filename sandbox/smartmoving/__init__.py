"""The SmartMoving Open API and its Lead Provider API."""
