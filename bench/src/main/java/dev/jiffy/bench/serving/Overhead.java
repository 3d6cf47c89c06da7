package dev.jiffy.bench.serving;

import dev.jiffy.protocol.InferRequest;
import dev.jiffy.protocol.InferWire;
import dev.jiffy.protocol.InferWriter;
import dev.jiffy.protocol.Message;
import dev.jiffy.protocol.Parameter;
import dev.jiffy.tensor.Tensor;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import org.HdrHistogram.Histogram;

/// What a server adds: to a bare echo of the same bytes, or to the model in the same process and to
/// a bare server that runs it. They take turns, on one machine, in one process.
public final class Overhead {
  private static final int IN_FLIGHT = 32;
  private static final int CALL_CONNECTIONS = 4;
  private static final int ROUNDS = 15;
  private static final int WARM_UP_ROUNDS = 8;

  private Overhead() {}

  /// How a server is asked.
  public enum Protocol {
    /// HTTP/1.1, tensors as bytes behind the JSON.
    HTTP,
    /// gRPC over HTTP/2, tensors as raw contents.
    GRPC
  }

  /// A server beside a bare echo. Times are medians over rounds; rates are of the best round of
  /// each, since what else the machine does only takes.
  ///
  /// @param protocol how both were asked
  /// @param echoMicros the echo's p50 over one connection, in microseconds
  /// @param serverMicros the server's
  /// @param moreMicros the median of the rounds' differences
  /// @param echoRate the echo's requests a second, with 32 in flight
  /// @param serverRate the server's
  /// @param rateRatio the server's rate over the echo's
  public record AgainstEcho(
      Protocol protocol,
      double echoMicros,
      double serverMicros,
      double moreMicros,
      double echoRate,
      double serverRate,
      double rateRatio) {}

  /// A server beside the model in this process. Medians over rounds.
  ///
  /// @param inProcessMicros the p50 of a run in this process, in microseconds
  /// @param bareMicros the p50 of a request, over one connection, to a bare server that runs the
  ///   model and sends the bytes of its outputs
  /// @param serverMicros the p50 of a request to the server, likewise
  /// @param bareMoreMicros the median of the rounds' differences between the bare server and a run
  /// @param moreMicros that between the server and a run
  public record AgainstModel(
      double inProcessMicros,
      double bareMicros,
      double serverMicros,
      double bareMoreMicros,
      double moreMicros) {}

  private static Supplier<Dialect> dialect(Protocol protocol, String model, InferRequest request) {
    return switch (protocol) {
      case HTTP -> {
        Message message = InferWriter.request(request);
        String headers =
            "content-type: %s\r\n%s: %d\r\n"
                .formatted(message.contentType(), Message.JSON_LENGTH_HEADER, message.jsonLength());
        yield () -> new Dialect.Http("/v2/models/" + model + "/infer", headers, message.body());
      }
      case GRPC -> {
        byte[] message = InferWire.request(new InferWire.Call(model, "", request));
        yield () -> new Dialect.Grpc("/inference.GRPCInferenceService/ModelInfer", message);
      }
    };
  }

  /// {@return the request whose answer's tensors are bytes as well}
  private static InferRequest binary(InferRequest request) {
    return new InferRequest(
        request.id(),
        Map.of(InferRequest.BINARY, new Parameter.Flag(true)),
        request.inputs(),
        request.outputs());
  }

  /// {@return what a server costs beyond a bare echo}
  ///
  /// @param port the server's port on this machine
  /// @param model the name of a model that does next to nothing
  /// @param request what it is asked
  /// @param protocol how
  /// @param nanos how long a round is; there are fifteen of each kind, and eight to warm up
  /// @throws IOException if a connection breaks
  public static AgainstEcho echo(
      int port, String model, InferRequest request, Protocol protocol, long nanos)
      throws IOException {
    InferRequest asked = protocol == Protocol.HTTP ? binary(request) : request;
    Supplier<Dialect> dialect = dialect(protocol, model, asked);
    int connections = protocol == Protocol.HTTP ? IN_FLIGHT : CALL_CONNECTIONS;
    int depth = IN_FLIGHT / connections;
    try (BareServer echo = new BareServer(UnaryOperator.identity());
        Barrage echoed = new Barrage(echo.port(), connections, dialect);
        Barrage served = new Barrage(port, connections, dialect)) {
      for (int i = 0; i < WARM_UP_ROUNDS; i++) {
        echoed.sideBySide(nanos, depth);
        served.sideBySide(nanos, depth);
      }
      double[][] micros = new double[3][ROUNDS];
      double[][] rates = new double[2][ROUNDS];
      for (int i = 0; i < ROUNDS; i++) {
        micros[0][i] = p50(echoed, nanos);
        micros[1][i] = p50(served, nanos);
        micros[2][i] = micros[1][i] - micros[0][i];
      }
      for (int i = 0; i < ROUNDS; i++) {
        rates[0][i] = echoed.sideBySide(nanos, depth);
        rates[1][i] = served.sideBySide(nanos, depth);
      }
      return new AgainstEcho(
          protocol,
          median(micros[0]),
          median(micros[1]),
          median(micros[2]),
          best(rates[0]),
          best(rates[1]),
          best(rates[1]) / best(rates[0]));
    }
  }

  /// Asks a server again and again, so that its code is compiled. A model of some milliseconds is
  /// asked too seldom for that.
  ///
  /// @param port the server's port on this machine
  /// @param model the name of a model that does next to nothing
  /// @param request what it is asked
  /// @param protocol how
  /// @param nanos for how long
  /// @throws IOException if a connection breaks
  public static void warmUp(
      int port, String model, InferRequest request, Protocol protocol, long nanos)
      throws IOException {
    InferRequest asked = protocol == Protocol.HTTP ? binary(request) : request;
    try (Barrage served = new Barrage(port, 1, dialect(protocol, model, asked))) {
      served.oneByOne(nanos, histogram());
    }
  }

  /// {@return what a server costs beyond running the model}
  ///
  /// @param port the server's port on this machine
  /// @param model the model's name
  /// @param request what it is asked
  /// @param run runs the same in this process, on whatever thread
  /// @param protocol how
  /// @param nanos how long a round is; there are thirty of each kind, and eight to warm up
  /// @throws IOException if a connection breaks
  public static AgainstModel model(
      int port,
      String model,
      InferRequest request,
      Supplier<Map<String, Tensor>> run,
      Protocol protocol,
      long nanos)
      throws IOException {
    InferRequest asked = protocol == Protocol.HTTP ? binary(request) : request;
    Supplier<Dialect> dialect = dialect(protocol, model, asked);
    try (BareServer bare = new BareServer(body -> bytes(run.get()));
        Barrage barely = new Barrage(bare.port(), 1, dialect);
        Barrage served = new Barrage(port, 1, dialect)) {
      for (int i = 0; i < WARM_UP_ROUNDS; i++) {
        inProcess(run, nanos);
        barely.oneByOne(nanos, histogram());
        served.oneByOne(nanos, histogram());
      }
      List<Turn> turns = new ArrayList<>();
      for (int i = 0; i < 2 * ROUNDS; i++) {
        turns.add(new Turn(inProcess(run, nanos), p50(barely, nanos), p50(served, nanos)));
      }
      return new AgainstModel(
          median(turns, Turn::inProcess),
          median(turns, Turn::bare),
          median(turns, Turn::server),
          median(turns, turn -> turn.bare - turn.inProcess),
          median(turns, turn -> turn.server - turn.inProcess));
    }
  }

  /// The p50 of one round of each, in microseconds.
  private record Turn(double inProcess, double bare, double server) {}

  private static double median(List<Turn> turns, ToDoubleFunction<Turn> micros) {
    return median(turns.stream().mapToDouble(micros).toArray());
  }

  private static Buffer bytes(Map<String, Tensor> outputs) {
    Buffer bytes = Buffer.buffer();
    outputs
        .values()
        .forEach(output -> bytes.appendBytes(output.segment().toArray(ValueLayout.JAVA_BYTE)));
    return bytes;
  }

  private static double p50(Barrage barrage, long nanos) throws IOException {
    Histogram times = histogram();
    barrage.oneByOne(nanos, times);
    return times.getValueAtPercentile(50) / 1e3;
  }

  private static double inProcess(Supplier<?> run, long nanos) {
    Histogram times = histogram();
    long end = System.nanoTime() + nanos;
    long now = System.nanoTime();
    while (now < end) {
      long begin = now;
      var _ = run.get();
      now = System.nanoTime();
      times.recordValue(now - begin);
    }
    return times.getValueAtPercentile(50) / 1e3;
  }

  private static Histogram histogram() {
    return new Histogram(60_000_000_000L, 4);
  }

  private static double best(double[] rates) {
    return Arrays.stream(rates).max().orElseThrow();
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
