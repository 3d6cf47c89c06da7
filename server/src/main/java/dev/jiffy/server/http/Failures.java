package dev.jiffy.server.http;

import dev.jiffy.engine.ModelException;
import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.function.FunctionException;
import java.lang.System.Logger.Level;

/// What clients are told when their request fails: all of their own mistakes, nothing of ours.
final class Failures {
  private static final System.Logger LOG = System.getLogger(Failures.class.getName());

  private Failures() {}

  static Reply reply(String path, Throwable failure) {
    return switch (failure) {
      case ProtocolException e -> Reply.error(path, e.status(), message(e));
      case ModelException e -> Reply.error(path, 400, message(e));
      case IllegalArgumentException e -> Reply.error(path, 400, message(e));
      case FunctionException e -> Reply.error(path, 500, message(e)); // logged where it was called
      case OutOfMemoryError e -> {
        LOG.log(Level.ERROR, "out of memory for a request to " + path, e);
        yield Reply.error(path, 503, "the request needs more memory than there is");
      }
      default -> {
        LOG.log(Level.ERROR, "a request to " + path + " failed", failure);
        yield Reply.error(path, 500, "the server failed to answer; its log says why");
      }
    };
  }

  private static String message(Throwable e) {
    return String.valueOf(e.getMessage());
  }
}
