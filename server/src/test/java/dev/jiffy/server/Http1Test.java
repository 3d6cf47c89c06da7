package dev.jiffy.server;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// HTTP/1.1, byte by byte.
class Http1Test {
  private static final String INFER = "/v2/models/arith/infer";

  @RegisterExtension static final Running RUNNING = Running.arithmetic();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GARBAGE\\r\\n\\r\\n | 400",
        "GET /v2 HTTP/9.9\\r\\n\\r\\n | 50",
        "POST /v2/models/arith/infer HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: -5\\r\\n\\r\\n | 400",
        "POST /v2/models/arith/infer HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 99999999999\\r\\n\\r\\n | 413",
        "POST /v2/models/arith/infer HTTP/1.1\\r\\nHost: x\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\nZZ\\r\\n | ",
      })
  void badlyFramed(String request, String status) throws Exception {
    String answer = RUNNING.client().raw(request.replace("\\r\\n", "\r\n"));
    if (status != null) {
      assertTrue(answer.matches("(?s)HTTP/[0-9.]+ " + status + ".*"), answer);
    }
    RUNNING.client().checkThatTheServerAnswers();
  }

  @Test
  void headersThatAreTooLarge() throws Exception {
    String answer =
        RUNNING
            .client()
            .raw("GET /v2 HTTP/1.1\r\nHost: x\r\nX: " + "y".repeat(100_000) + "\r\n\r\n");
    assertTrue(answer.startsWith("HTTP/1.1 431"), answer);
    answer = RUNNING.client().raw("GET /" + "y".repeat(100_000) + " HTTP/1.1\r\nHost: x\r\n\r\n");
    assertTrue(answer.startsWith("HTTP/1.0 414"), answer);
    RUNNING.client().checkThatTheServerAnswers();
  }

  @Test
  void clientsThatGoAway() throws Exception {
    String head =
        "POST " + INFER + " HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{\"inputs\":[";
    for (int i = 0; i < 20; i++) {
      try (Socket socket = RUNNING.client().connect()) {
        socket.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
        if (i % 2 == 0) {
          socket.shutdownOutput();
        }
      }
    }
    RUNNING.client().checkThatTheServerAnswers();
  }

  @Test
  void pipelined() throws Exception {
    StringBuilder requests = new StringBuilder();
    for (int i = 0; i < 20; i++) {
      String body =
          """
          {"id":"n%d","inputs":[{"name":"a","shape":[1,3],"datatype":"FP32","data":[1,2,3]},
            {"name":"b","shape":[1],"datatype":"INT64","data":[4]}]}\
          """
              .formatted(i);
      requests
          .append("POST " + INFER + " HTTP/1.1\r\nHost: x\r\nContent-Length: ")
          .append(body.length())
          .append(i == 19 ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n")
          .append(body);
    }
    String answers = RUNNING.client().raw(requests.toString());
    int last = -1;
    for (int i = 0; i < 20; i++) {
      int at = answers.indexOf("\"id\":\"n" + i + "\"");
      assertTrue(at > last, answers);
      last = at;
    }
  }

  @Test
  void chunkedBodiesWithExpectation() throws Exception {
    String answer =
        RUNNING
            .client()
            .raw(
                "POST "
                    + INFER
                    + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n");
    assertTrue(answer.startsWith("HTTP/1.1 100"), answer);
    assertTrue(answer.contains("lacks 'inputs'"), answer);
  }
}
