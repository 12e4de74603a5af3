"""Who may do what, in one table."""

from enum import StrEnum, auto

from django.core.exceptions import PermissionDenied

from healthcare.accounts.models import User


class Permission(StrEnum):
    PATIENT_VIEW = auto()  # the record of one's own teams' patients
    OWN_RECORD_VIEW = auto()  # a patient's own plain view
    LABS_UPLOAD = auto()
    IMPORTS_VIEW = auto()  # every import of the hospital, with its refused rows
    FEEDBACK_GIVE = auto()
    ASSESS = auto()
    MODEL_VIEW = auto()
    MODEL_PROMOTE = auto()
    JOBS_VIEW = auto()


Role = User.Role
GRANTS: dict[str, set[Permission]] = {
    Role.CLINICIAN: {
        Permission.PATIENT_VIEW,
        Permission.FEEDBACK_GIVE,
        Permission.ASSESS,
        Permission.MODEL_VIEW,
    },
    Role.LAB_STAFF: {Permission.LABS_UPLOAD, Permission.IMPORTS_VIEW},
    Role.DATA_SCIENTIST: {
        Permission.MODEL_VIEW,
        Permission.MODEL_PROMOTE,
        Permission.ASSESS,
        Permission.JOBS_VIEW,
    },
    Role.ADMINISTRATOR: {
        Permission.LABS_UPLOAD,
        Permission.IMPORTS_VIEW,
        Permission.MODEL_VIEW,
        Permission.MODEL_PROMOTE,
        Permission.ASSESS,
        Permission.JOBS_VIEW,
    },
    Role.PATIENT: {Permission.OWN_RECORD_VIEW},
    Role.API_CLIENT: {
        Permission.PATIENT_VIEW,
        Permission.LABS_UPLOAD,
        Permission.FEEDBACK_GIVE,
        Permission.ASSESS,
        Permission.MODEL_VIEW,
    },
}


def can(user: User, permission: Permission) -> bool:
    return user.is_active and permission in GRANTS[user.role]


def check(user: User, permission: Permission) -> None:
    """Raise PermissionDenied, which both Django and DRF answer with 403."""
    if not can(user, permission):
        raise PermissionDenied(f"Your role ({user.get_role_display()}) may not do this.")
