package dev.jiffy.server.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class FailuresTest {
  @Test
  void nothingIsToldOfOurOwnFailures() {
    for (Throwable failure :
        new Throwable[] {
          new IllegalStateException("the secret of /etc/x"),
          new NullPointerException("secret"),
          new OutOfMemoryError("secret"),
        }) {
      for (String path : new String[] {"/v2/models/m/infer", "/v1/embeddings"}) {
        Reply reply = Failures.reply(path, failure);
        assertEquals(5, reply.status() / 100);
        assertFalse(new String(reply.body(), StandardCharsets.UTF_8).contains("secret"));
      }
    }
  }
}
