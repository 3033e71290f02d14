"""The provider's batch interface: files, records of what was submitted, and the driver around a build."""
