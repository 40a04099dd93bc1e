"""Everything that barycenter-jobs raises on purpose.

BarycenterJobsError
    InvalidInput                 the caller can mend it
        InvalidCursor            a page that nobody was sent to
        InvalidEvent             an invocation whose payload we cannot read
        InvalidLimit             a page size outside 1 to 1000
        InvalidSchedule          a cron expression that EventBridge would reject
        InvalidSetting           an environment variable that makes no sense
        SearchTooBroad           a search that would have to read too much of the log
        UnknownExecution         the log has no such execution
        UnknownJob               no job has this name
    NotAllowed                   the caller may look but not act, or not even look
    LostRace                     somebody else was first: a normal outcome, with a name
        DeliveryAlreadyHandled   this event has already been processed successfully
        ExecutionAlreadyFinished a finished record never changes, whoever lost its lease meanwhile
        AlreadyTaken             another run has taken what TTL removed into its record
    StoreError                   a table would not do as asked
        AccessRefused            credentials or policy
        TableMissing
        RequestRefused           anything else that the store answered with a refusal
        Throttled                nothing was done, it may be asked again
        StoreUnavailable         no connection: nothing was done
        AnswerLost               the store may have acted, we do not know
    RunNotTold                   nobody was told that a run has ended
    RemovalsNotTold              not everybody was told of rows that are gone
    NotKept                      a record that nobody can account for is kept nowhere
    FunctionNotInvoked           the Lambda function of a job could not be started
    StateMachineNotStarted       a large backlog could not be shared out
    JobFailed                    a run failed, its record says why

Messages are shown to operators and stored in records: none may hold a token, a session id, a
challenge or a code. That is why no message of ours repeats what a store or a library said, save
where that text is known to name only tables, permissions and principals.
"""

from __future__ import annotations


class BarycenterJobsError(Exception):
    """The base of every error that this package raises on purpose."""


class InvalidInput(BarycenterJobsError):
    """Something a caller sent cannot be used; the message says what and what is accepted."""


class InvalidCursor(InvalidInput):
    """A cursor is none of ours."""

    def __init__(self) -> None:
        super().__init__("This cursor is none that an earlier page gave")


class InvalidEvent(InvalidInput):
    """An invocation payload has a shape that no way in of ours produces."""


class InvalidLimit(InvalidInput):
    """A page size lies outside 1 to 1000."""


class InvalidSchedule(InvalidInput):
    """EventBridge would reject this schedule expression."""


class InvalidSetting(InvalidInput):
    """An environment variable is missing or makes no sense."""


class SearchTooBroad(InvalidInput):
    """A search stopped before it could answer; the message says how to narrow it."""


class UnknownExecution(InvalidInput):
    """The log has no execution with this id."""

    def __init__(self, execution_id: int) -> None:
        super().__init__(f"Unknown execution: {execution_id}")


class UnknownJob(InvalidInput):
    """No job has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Unknown job: {name}")
        self.name = name


class NotAllowed(BarycenterJobsError):
    """The caller is known and may not do this; the message says what would be needed."""


class LostRace(BarycenterJobsError):
    """A conditional write found that somebody else was first."""


class DeliveryAlreadyHandled(LostRace):
    """The event was delivered again, while execution `execution_id` runs for it or after it was done."""

    def __init__(self, execution_id: int) -> None:
        super().__init__(f"The event was already handled by execution {execution_id}")
        self.execution_id = execution_id


class ExecutionAlreadyFinished(LostRace):
    """A record that is finished stays as it is."""

    def __init__(self, execution_id: int) -> None:
        super().__init__(f"Execution {execution_id} is already finished")


class AlreadyTaken(LostRace):
    """What TTL removed meanwhile is, in part, in another run's record."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"Another run has taken what TTL removed of {kind}")


class StoreError(BarycenterJobsError):
    """A table would not do as asked."""


class AccessRefused(StoreError):
    """Credentials are missing, expired or not allowed to do this."""


class TableMissing(StoreError):
    """There is no such table or index."""


class RequestRefused(StoreError):
    """The store refused for a reason that asking again does not change; `code` is its own word for it."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Throttled(StoreError):
    """The store was too busy and did nothing; the same request may be sent again."""


class StoreUnavailable(StoreError):
    """The store could not be reached, so it did nothing."""


class AnswerLost(StoreError):
    """The request left and no usable answer came back: the store may have acted."""


class RunNotTold(BarycenterJobsError):
    """The event bus did not take the news of a finished run, or nobody knows whether it did."""


class RemovalsNotTold(BarycenterJobsError):
    """The event bus did not take the news of every removed row, or nobody knows whether it did."""


class NotKept(BarycenterJobsError):
    """A record that nobody can account for could not be put where such records go."""


class FunctionNotInvoked(BarycenterJobsError):
    """The Lambda function behind a job could not be started."""


class StateMachineNotStarted(BarycenterJobsError):
    """The state machine that shares out a backlog could not be started."""


class JobFailed(BarycenterJobsError):
    """A run failed. The message is its record's `errorMessage`."""
