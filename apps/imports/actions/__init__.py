"""What happens to imports, once, for every interface."""

from apps.imports.actions.running import work_on
from apps.imports.actions.steering import cancel, start, start_check, undo
from apps.imports.actions.sweeping import claim_next, forget_old_files
from apps.imports.actions.uploading import describe, forget_mapping, save_mapping, upload

__all__ = [
    "cancel",
    "claim_next",
    "describe",
    "forget_mapping",
    "forget_old_files",
    "save_mapping",
    "start",
    "start_check",
    "undo",
    "upload",
    "work_on",
]
