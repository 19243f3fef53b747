"""What stands in the files of a video's folder: one dataclass per kind of file, field for field as it is written."""
