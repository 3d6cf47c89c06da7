package dev.jiffy.server;

import static dev.jiffy.server.GrpcClient.INFERENCE;
import static dev.jiffy.server.GrpcClient.framed;
import static dev.jiffy.server.GrpcClient.names;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.server.guard.ApiKeys;
import dev.jiffy.server.watch.Account;
import io.vertx.core.buffer.Buffer;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What watchers are told of gRPC's calls.
class GrpcWatchTest {
  private static final String KEY = "a-key-that-is-long-enough";
  private static final String[] KNOWN = {"x-api-key", KEY};

  @TempDir Path folder;

  private final Queue<Account> told = new ConcurrentLinkedQueue<>();

  private Server start(SafetyOptions safety) throws IOException {
    return Server.start(
        TestServers.options()
            .watch(WatchOptions.defaults().watchers(List.of(told::add)))
            .safety(safety),
        List.of(TestModels.arithmetic(folder)));
  }

  private List<String> lines() {
    return told.stream().map(account -> account.method() + " " + account.code()).toList();
  }

  @Test
  void everyCallIsToldOnce() throws Exception {
    Path keys = Files.writeString(folder.resolve("keys"), KEY + "\n");
    byte[] nothing = framed(new byte[0]);
    byte[] good = framed(GrpcTest.request("arith", "7", 1));
    byte[] absent = framed(GrpcTest.request("none", "7", 1));
    try (Server server = start(SafetyOptions.defaults().keys(ApiKeys.in(keys)));
        GrpcClient client = new GrpcClient(server.port())) {
      client.call("/grpc.health.v1.Health/Check", nothing);
      client.call(INFERENCE + "ModelReady", framed(names("arith")));
      client.call(INFERENCE + "ModelReady", framed(names("arith")), KNOWN);
      client.call(INFERENCE + "RepositoryModelLoad", framed(names("", "arith")), KNOWN);
      client.call(INFERENCE + "LogSettings", nothing, KNOWN);
      client.call(INFERENCE + "TraceSetting", nothing, KNOWN);
      client.call(INFERENCE + "ModelInfer", new byte[0], KNOWN);
      client.call(INFERENCE + "ModelInfer", good, KNOWN);
      client.call(INFERENCE + "ModelInfer", absent, KNOWN);
      client.call(INFERENCE + "ModelStreamInfer", new byte[0], KNOWN);
      byte[] both = Buffer.buffer(good).appendBytes(absent).getBytes();
      client.call(INFERENCE + "ModelStreamInfer", both, KNOWN);
      client.call(INFERENCE + "Nonsense", nothing, KNOWN);
    }
    assertEquals(
        List.of(
            "Check 0",
            "ModelReady 16",
            "ModelReady 0",
            "RepositoryModelLoad 7",
            "LogSettings 12",
            "TraceSetting 0",
            "ModelInfer 3",
            "ModelInfer 0",
            "ModelInfer 5",
            "ModelStreamInfer 0",
            "ModelStreamInfer 0",
            "ModelStreamInfer 5",
            "Nonsense 12"),
        lines());
    for (Account account : told) {
      assertTrue(account.client().startsWith("127.0.0.1:"), account::client);
      assertTrue(account.nanos() > 0, account::toString);
    }
  }

  @Test
  void whatBreaksAStreamIsToldBesideItsRequests() throws Exception {
    byte[] broken =
        Buffer.buffer(framed(GrpcTest.request("none", "7", 1)))
            .appendBytes(new byte[] {7, 0, 0, 0, 0})
            .getBytes();
    try (Server server = start(SafetyOptions.defaults());
        GrpcClient client = new GrpcClient(server.port())) {
      assertEquals("3", client.call(INFERENCE + "ModelStreamInfer", broken).status());
    }
    assertEquals(List.of("ModelStreamInfer 5", "ModelStreamInfer 3"), lines());
  }

  @Test
  void whoeverGoesBeforeAllIsSaidIsTold() throws Exception {
    byte[] bytes =
        new Http2Bytes()
            .frame(Http2Bytes.SETTINGS, 0, 0, new byte[0])
            .frame(Http2Bytes.HEADERS, Http2Bytes.END_HEADERS, 1, Http2Bytes.call("ModelInfer"))
            .frame(Http2Bytes.RST_STREAM, 0, 1, Http2Bytes.CANCEL)
            .frame(Http2Bytes.PING, 0, 0, new byte[8])
            .bytes();
    try (Server server = start(SafetyOptions.defaults());
        Client client = new Client(server.port());
        Socket socket = client.connect()) {
      socket.getOutputStream().write(bytes);
      assertEquals(
          new Http2Test.End(true, 0), Http2Test.end(new DataInputStream(socket.getInputStream())));
    }
    assertEquals(List.of("ModelInfer 1"), lines());
    Account gone = told.remove();
    assertTrue(gone.client().startsWith("127.0.0.1:"), gone::client);
    assertEquals(0, gone.sentBytes());
    assertNull(gone.model());
  }
}
