"""The GraphQL documents that the commands send."""

from __future__ import annotations

_RUN = """
fragment Run on JobLog {
  id jobName methodName startedAt completedAt success errorMessage recordsProcessed status trigger triggeredBy
  reason cancelledBy attemptNumber durationMs dryRun samples warnings
  counts { deleted becameLive alreadyGone failed uncertain quarantined stamped }
  ttl {
    rows sizeBytes latenessP50Seconds latenessP95Seconds latenessMaxSeconds writeUnitsSaved undated unreadable
    patienceSeconds behindSeconds
  }
  usage { readUnits writeUnits costUsd }
  backlog { remaining oldestExpiredAt exact }
}
"""
_HEALTH = """
fragment Health on JobHealth {
  jobName state nextDueAt lateSince lateSeconds consecutiveFailures
  paused { by at reason }
  running { ...Run }
  lastRun { ...Run }
  lastSuccess { ...Run }
}
"""
_FIGURES = "jobName total successCount errorCount successRate averageDurationMs p50 p95 p99 recordsProcessed"

PING = "{ __typename }"
JOBS = (
    "query Jobs { availableJobs { name description schedule } jobHealth { ...Health } jobStats { byJob { "
    + _FIGURES
    + " } } }"
    + _HEALTH
    + _RUN
)
HEALTH = "query Health($job: String) { jobHealth(jobName: $job) { ...Health } }" + _HEALTH + _RUN
RUN = "query Run($id: ID!) { jobLog(id: $id) { ...Run } }" + _RUN
RUNS = (
    """
query Runs(
  $job: String, $limit: Int, $failures: Boolean, $status: String, $since: String, $until: String
  $after: String
) {
  jobLogs(
    jobName: $job, limit: $limit, onlyFailures: $failures, status: $status, since: $since, until: $until
    after: $after
  ) { ...Run cursor }
}
"""
    + _RUN
)
BACKLOG = "query Backlog($job: String) { backlog(jobName: $job) { expired { rows } } }"
STATS = (
    "query Stats($job: String) { jobStats(jobName: $job) { total successCount errorCount successRate "
    "averageDurationMs p50 p95 p99 recordsProcessed recordsKept bufferUtilization byJob { "
    + _FIGURES
    + " } lifetime { "
    + _FIGURES
    + " } } }"
)

TRIGGER = """
mutation Trigger($job: String!, $dryRun: Boolean, $reason: String) {
  triggerJob(jobName: $job, dryRun: $dryRun, reason: $reason) { success message jobName executionId }
}
"""
PAUSE = """
mutation Pause($job: String!, $reason: String) {
  pauseJob(jobName: $job, reason: $reason) { success message jobName paused { by at reason } }
}
"""
RESUME = """
mutation Resume($job: String!, $reason: String) {
  resumeJob(jobName: $job, reason: $reason) { success message jobName paused { by at reason } }
}
"""
CANCEL = """
mutation Cancel($id: ID!, $reason: String) {
  cancelRun(id: $id, reason: $reason) { success message executionId jobName }
}
"""
CLEAR = """
mutation Clear($job: String, $reason: String) {
  clearHistory(jobName: $job, reason: $reason) { success message recordsCleared }
}
"""
