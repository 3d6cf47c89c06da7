package dev.jiffy.server.http;

import dev.jiffy.protocol.EmbeddingsResponse;
import dev.jiffy.protocol.ErrorBody;
import dev.jiffy.protocol.Message;
import dev.jiffy.server.watch.Account;
import dev.jiffy.server.watch.Stopwatch;
import org.jspecify.annotations.Nullable;

/// What a request is answered with.
final class Reply {
  private static final String JSON = "application/json";

  private final int status;
  private final String contentType;
  private final byte[] body;
  private final int jsonLength;
  private long retryAfterSeconds;
  private @Nullable String policy;
  private Account.@Nullable Target target;
  private @Nullable Stopwatch stopwatch;

  private Reply(int status, String contentType, byte[] body, int jsonLength) {
    this.status = status;
    this.contentType = contentType;
    this.body = body;
    this.jsonLength = jsonLength;
  }

  /// {@return an answer that is JSON}
  static Reply json(int status, byte[] body) {
    return new Reply(status, JSON, body, -1);
  }

  /// {@return an answer that is text of some media type}
  static Reply text(String contentType, byte[] body) {
    return new Reply(200, contentType, body, -1);
  }

  /// {@return an answer that may have raw bytes behind its JSON}
  static Reply message(Message message) {
    return new Reply(
        200, message.contentType(), message.body(), message.binary() ? message.jsonLength() : -1);
  }

  /// {@return an error in the form that clients of a path expect}
  static Reply error(String path, int status, String message) {
    if (path.startsWith("/v1/")) {
      String type =
          status >= 500
              ? "server_error"
              : status == 404 ? "not_found_error" : "invalid_request_error";
      return json(status, EmbeddingsResponse.error(message, type));
    }
    return json(status, new ErrorBody(message).toJson());
  }

  /// {@return this answer, which tells its client when to ask again}
  Reply retryAfterSeconds(long seconds) {
    retryAfterSeconds = seconds;
    return this;
  }

  /// {@return after how many seconds to ask again, 0 where nothing is said of it}
  long retryAfterSeconds() {
    return retryAfterSeconds;
  }

  /// {@return this answer, a page that may do no more than a policy says}
  ///
  /// @param text the value of the header `Content-Security-Policy`
  Reply policy(String text) {
    policy = text;
    return this;
  }

  /// {@return what a page may do, null where the answer is none}
  @Nullable String policy() {
    return policy;
  }

  int status() {
    return status;
  }

  String contentType() {
    return contentType;
  }

  /// {@return the body; not copied}
  byte[] body() {
    return body;
  }

  /// {@return how much of the body is JSON, negative where that goes without saying}
  int jsonLength() {
    return jsonLength;
  }

  /// {@return this answer, which tells whose it is and where its time went}
  ///
  /// @param model who was asked
  /// @param watch where the time went
  Reply of(Account.Target model, Stopwatch watch) {
    target = model;
    stopwatch = watch;
    return this;
  }

  /// {@return the model that was asked, null where none was}
  Account.@Nullable Target target() {
    return target;
  }

  /// {@return where the time went, null where no model was asked}
  @Nullable Stopwatch stopwatch() {
    return stopwatch;
  }
}
