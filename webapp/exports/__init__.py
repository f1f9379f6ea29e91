"""Files of exactly what the filters show, streamed, and put on record before the first byte leaves."""

from .export import Export, Exporter
from .files import BYTE_ORDER_MARK, CHUNK, FORMATS, Bytes, File

__all__ = ["BYTE_ORDER_MARK", "CHUNK", "FORMATS", "Bytes", "Export", "Exporter", "File"]
