package dev.jiffy.server.http;

import dev.jiffy.server.schedule.ModelSessions;

/// Makes a reply of a body, with a model, on the thread that owns the sessions.
interface Endpoint {
  /// {@return the answer}
  ///
  /// @param sessions the calling thread's working memory for the model
  /// @param body the body
  /// @param stopwatch takes the stages
  Reply reply(ModelSessions sessions, byte[] body, Stopwatch stopwatch);
}
