"use strict";

const { endpoint, introspection } = document.body.dataset;

const EXAMPLES = `# The latest runs. Ctrl+Enter runs the query under the cursor; the book on the left documents every field.
query LatestRuns {
  jobLogs(limit: 10) {
    id
    jobName
    startedAt
    completedAt
    success
    errorMessage
    recordsProcessed
  }
}

query FailedRuns {
  jobLogs(onlyFailures: true, limit: 20) {
    id
    jobName
    startedAt
    errorMessage
  }
}

query JobsAndSchedules {
  availableJobs {
    name
    description
    schedule
  }
}

mutation RunAJobNow {
  triggerJob(jobName: "cleanup_expired_sessions", dryRun: true, reason: "to try it") {
    success
    message
    executionId
  }
}
`;

async function fetcher(parameters, { headers } = {}) {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/graphql-response+json, application/json;q=0.9",
      ...headers,
    },
    body: JSON.stringify(parameters),
  });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    // A gateway or a proxy says no in its own words.
    return { errors: [{ message: `${response.status} ${response.statusText}: ${text}` }] };
  }
}

ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultQuery: EXAMPLES,
    isHeadersEditorEnabled: true,
    // A header may hold somebody's token, which has no business in the browser's storage.
    shouldPersistHeaders: false,
    showPersistHeadersSettings: false,
    // Null keeps GraphiQL from asking for a schema that nobody gives it.
    ...(introspection === "off" && { schema: null }),
  }),
);
