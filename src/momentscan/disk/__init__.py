"""Files that momentscan writes and reads back. The only room that knows Arrow."""

from momentscan.disk.engines import write_engine
from momentscan.disk.files import write_text
from momentscan.disk.log import LogWriter, manifest_of, read_log

__all__ = ["LogWriter", "manifest_of", "read_log", "write_engine", "write_text"]
