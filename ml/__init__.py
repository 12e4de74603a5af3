"""The library: arrays and frames in, arrays, frames and frozen dataclasses out. No Django."""
