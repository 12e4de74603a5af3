"""Who may do what, in one table."""

from enum import StrEnum, auto

from django.core.exceptions import PermissionDenied

from healthcare.accounts.models import User


class Permission(StrEnum):
    PATIENT_VIEW = auto()  # the record of one's own teams' patients
    OWN_RECORD_VIEW = auto()  # a patient's own plain view
    LABS_UPLOAD = auto()
    IMPORTS_VIEW = auto()  # every import of the hospital, with its refused rows
    INTAKE_RESOLVE = auto()  # say whose a held row is and what a source's codes mean
    RECORD_EDIT = auto()  # add to and correct the records one may see
    WEARABLES_UPLOAD = auto()  # what a patient's devices counted, to a record one may see
    RESULT_ACKNOWLEDGE = auto()
    RECORDS_MERGE = auto()  # join and part records of one person
    EMERGENCY_ACCESS = auto()  # open another team's record, with a reason, for a while
    ACCESS_REVIEW = auto()  # see who took emergency access and who read a record
    RECORD_EXPORT = auto()  # one patient's whole record as a file
    COHORT_EXPORT = auto()  # de-identified rows of those who consented
    FEEDBACK_GIVE = auto()
    ADVICE_QUALITY_VIEW = auto()  # how recommendations fare, in numbers; reviews of rules
    ALERT_BUDGET_EDIT = auto()  # how many cards may interrupt a role, and from which risk on
    FEEDBACK_EXPORT = auto()  # every answer as a file, with who gave it and their comment
    CATALOGUE_VIEW = auto()  # what can be recommended, on which evidence, and how it is ordered
    CATALOGUE_EDIT = auto()  # draft and publish entries (never one's own draft), set weights
    PREFERENCES_EDIT = auto()  # write down what a patient would rather do
    ASSESS = auto()
    MODEL_VIEW = auto()
    MODEL_PROMOTE = auto()
    JOBS_VIEW = auto()


Role = User.Role
GRANTS: dict[str, set[Permission]] = {
    Role.CLINICIAN: {
        Permission.PATIENT_VIEW,
        Permission.RECORD_EDIT,
        Permission.WEARABLES_UPLOAD,
        Permission.RESULT_ACKNOWLEDGE,
        Permission.EMERGENCY_ACCESS,
        Permission.RECORD_EXPORT,
        Permission.FEEDBACK_GIVE,
        Permission.CATALOGUE_VIEW,
        Permission.PREFERENCES_EDIT,
        Permission.ASSESS,
        Permission.MODEL_VIEW,
    },
    Role.LAB_STAFF: {
        Permission.LABS_UPLOAD,
        Permission.IMPORTS_VIEW,
        Permission.INTAKE_RESOLVE,
    },
    Role.DATA_SCIENTIST: {
        Permission.COHORT_EXPORT,
        Permission.MODEL_VIEW,
        Permission.MODEL_PROMOTE,
        Permission.ASSESS,
        Permission.JOBS_VIEW,
        Permission.ADVICE_QUALITY_VIEW,
        Permission.CATALOGUE_VIEW,
    },
    Role.CATALOGUE_EDITOR: {
        Permission.CATALOGUE_VIEW,
        Permission.CATALOGUE_EDIT,
        Permission.ADVICE_QUALITY_VIEW,
        Permission.ASSESS,  # try a rule on somebody who does not exist
        Permission.MODEL_VIEW,
    },
    Role.ADMINISTRATOR: {
        Permission.LABS_UPLOAD,
        Permission.IMPORTS_VIEW,
        Permission.INTAKE_RESOLVE,
        Permission.RECORDS_MERGE,
        Permission.ACCESS_REVIEW,
        Permission.MODEL_VIEW,
        Permission.MODEL_PROMOTE,
        Permission.ASSESS,
        Permission.JOBS_VIEW,
        Permission.ADVICE_QUALITY_VIEW,
        Permission.ALERT_BUDGET_EDIT,
        Permission.FEEDBACK_EXPORT,
        Permission.CATALOGUE_VIEW,
    },
    Role.PATIENT: {
        Permission.OWN_RECORD_VIEW,
        Permission.WEARABLES_UPLOAD,
        Permission.PREFERENCES_EDIT,
    },
    Role.API_CLIENT: {
        Permission.PATIENT_VIEW,
        Permission.RECORD_EXPORT,
        Permission.WEARABLES_UPLOAD,
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
