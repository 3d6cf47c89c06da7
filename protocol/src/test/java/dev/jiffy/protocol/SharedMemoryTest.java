package dev.jiffy.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Tensors whose elements lie in shared memory, in both forms of messages.
class SharedMemoryTest {
  /// One region, "r", of 64 bytes.
  private static final class OneRegion implements SharedMemory {
    private final byte[] bytes = new byte[64];

    @Override
    public boolean isInUse() {
      return true;
    }

    @Override
    public Span locate(SharedRange range) {
      if (!range.region().equals("r") || range.offset() > bytes.length - range.bytes()) {
        throw new ProtocolException(400, "no such place");
      }
      return new Span("k", range.offset(), range.offset() + range.bytes());
    }

    @Override
    public void read(SharedRange range, ByteBuffer target) {
      target.put(bytes, (int) locate(range).from(), target.remaining());
    }

    @Override
    public void write(SharedRange range, ByteBuffer source) {
      source.get(bytes, (int) locate(range).from(), source.remaining());
    }
  }

  private final OneRegion memory = new OneRegion();
  private final InferReader reader = new InferReader(Limits.defaults(), memory);

  private InferRequest read(String json) {
    byte[] body = json.getBytes(StandardCharsets.UTF_8);
    return reader.request(body, body.length, Arena.ofAuto());
  }

  private static String input(String datatype, String shape, String parameters, String more) {
    return """
    {"inputs":[{"name":"x","datatype":"%s","shape":%s,"parameters":{%s}%s}]}\
    """
        .formatted(datatype, shape, parameters, more);
  }

  private static String at(long offset, long bytes) {
    return """
    "shared_memory_region":"r","shared_memory_offset":%d,"shared_memory_byte_size":%d\
    """
        .formatted(offset, bytes);
  }

  private Tensor first(String datatype, String shape, long offset, long bytes) {
    InferRequest request = read(input(datatype, shape, at(offset, bytes), ""));
    InferTensor input = request.inputs().getFirst();
    assertTrue(input.isShared());
    return input.tensor();
  }

  @Test
  void elementsOfEveryKind() {
    ByteBuffer bytes = ByteBuffer.wrap(memory.bytes).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putFloat(8, 1.5f).putFloat(12, -2);
    assertArrayEquals(new float[] {1.5f, -2}, first("FP32", "[1,2]", 8, 8).toFloats());
    bytes.putLong(16, -7);
    assertArrayEquals(new long[] {-7}, first("INT64", "[1]", 16, 8).toLongs());
    bytes.put(24, (byte) 1).put(25, (byte) 0);
    assertArrayEquals(new long[] {1, 0}, first("BOOL", "[2]", 24, 2).toLongs());
    bytes.put(24, (byte) 2);
    assertThrows(ProtocolException.class, () -> first("BOOL", "[2]", 24, 2));
    bytes.putInt(32, 2).put(36, (byte) 'a').put(37, (byte) 'b').putInt(38, 0);
    assertEquals(List.of("ab", ""), first("BYTES", "[2]", 32, 10).strings());
    bytes.putInt(32, 60);
    assertThrows(ProtocolException.class, () -> first("BYTES", "[2]", 32, 10));
    assertEquals(0, first("FP32", "[0,2]", 0, 0).shape().elements());
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "FP32 | [1,2] | \"shared_memory_region\":\"r\" | | lacks 'shared_memory_byte_size'",
        "FP32 | [1,2] | \"shared_memory_byte_size\":8 | | lacks 'shared_memory_region'",
        "FP32 | [1,2] | \"shared_memory_offset\":8 | | lacks 'shared_memory_region'",
        "FP32 | [1,2] | \"shared_memory_region\":7,\"shared_memory_byte_size\":8 | | must be a string",
        "FP32 | [1,2] | \"shared_memory_region\":\"r\",\"shared_memory_byte_size\":\"8\" | | must be an integer",
        "FP32 | [1,2] | \"shared_memory_region\":\"r\",\"shared_memory_byte_size\":12 | | has 2 elements of 4 bytes each",
        "FP32 | [1,2] | \"shared_memory_region\":\"r\",\"shared_memory_byte_size\":-8 | | at least 0",
        "FP32 | [1,2] | \"shared_memory_region\":\"r\",\"shared_memory_offset\":9223372036854775807,\"shared_memory_byte_size\":8 | | less than 2^63",
        "FP32 | [1,2] | \"shared_memory_region\":\"r\",\"shared_memory_offset\":60,\"shared_memory_byte_size\":8 | | no such place",
        "FP32 | [1,2] | \"shared_memory_region\":\"s\",\"shared_memory_byte_size\":8 | | no such place",
        "FP32 | [1,2] | \"shared_memory_region\":\"r\",\"shared_memory_byte_size\":8 | ,\"data\":[1,2] | has both elements and",
        "FP32 | [1,2] | \"shared_memory_region\":\"r\",\"shared_memory_byte_size\":8,\"binary_data_size\":8 | | has both elements and",
        "FP32 | [99999999,99999999] | \"shared_memory_region\":\"r\",\"shared_memory_byte_size\":8 | | 99999999",
        "BYTES | [99] | \"shared_memory_region\":\"r\",\"shared_memory_byte_size\":8 | | room",
      })
  void whatCannotBe(String datatype, String shape, String parameters, String more, String says) {
    String json = input(datatype, shape, parameters, more == null ? "" : more);
    ProtocolException e = assertThrows(ProtocolException.class, () -> read(json));
    assertTrue(String.valueOf(e.getMessage()).contains(says), e::getMessage);
  }

  @Test
  void largeRangesTakeNoMemory() {
    SharedMemory endless =
        new SharedMemory() {
          @Override
          public boolean isInUse() {
            return true;
          }

          @Override
          public Span locate(SharedRange range) {
            return new Span("k", 0, range.bytes());
          }

          @Override
          public void read(SharedRange range, ByteBuffer target) {
            throw new AssertionError("read");
          }

          @Override
          public void write(SharedRange range, ByteBuffer source) {
            throw new AssertionError("written");
          }
        };
    InferReader limited = new InferReader(Limits.defaults(), endless);
    for (String datatype : List.of("UINT8", "BOOL", "BYTES")) {
      byte[] body =
          input(datatype, "[1000000000]", at(0, 1_000_000_000), "")
              .getBytes(StandardCharsets.UTF_8);
      ProtocolException e =
          assertThrows(
              ProtocolException.class, () -> limited.request(body, body.length, Arena.ofAuto()));
      assertEquals(413, e.status(), e::getMessage);
    }
  }

  /// Texts are no part of a tensor's own memory, and a message of a few bytes may name many.
  @Test
  void textsCountAsMemory() {
    ByteBuffer.wrap(memory.bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(0, 36);
    Limits limits = Limits.defaults().maxTensorBytes(100);
    for (int count = 1; count <= 3; count++) {
      List<InferTensor> inputs = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        Tensor text = Tensor.ofStrings(List.of(""), 1);
        inputs.add(new InferTensor("x" + i, text, false, new SharedRange("r", 0, 40).parameters()));
      }
      InferRequest request = new InferRequest(inputs);
      Message json = InferWriter.request(request);
      byte[] wire = InferWire.request(new InferWire.Call("m", "", request));
      InferReader inJson = new InferReader(limits, memory);
      InferWire onTheWire = new InferWire(limits, memory);
      if (count < 3) {
        inJson.request(json.body(), json.jsonLength(), Arena.ofAuto());
        onTheWire.readRequest(wire, Arena.ofAuto());
        continue;
      }
      assertEquals(
          413,
          assertThrows(
                  ProtocolException.class,
                  () -> inJson.request(json.body(), json.jsonLength(), Arena.ofAuto()))
              .status());
      assertEquals(
          413,
          assertThrows(ProtocolException.class, () -> onTheWire.readRequest(wire, Arena.ofAuto()))
              .status());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"shared_memory_region\":\"r\"} | true",
        "{\"\\u0073hared_memory_region\":\"r\"} | true",
        "{\"share\\u0064_memory_region\":\"r\"} | true",
        "shared_mem | true",
        "shared_me | false",
        "{\"inputs\":[{\"name\":\"shared\"}]} | false",
        "'' | false",
      })
  void whereARangeMayBeNamed(String message, boolean isMentioned) {
    byte[] bytes = message.getBytes(StandardCharsets.UTF_8);
    assertEquals(isMentioned, SharedRange.isMentioned(bytes, bytes.length));
  }

  @Test
  void withoutSharedMemoryItIsRefused() {
    InferReader plain = new InferReader(Limits.defaults());
    for (String json :
        List.of(
            input("FP32", "[1,2]", at(0, 8), ""),
            """
            {"inputs":[],"outputs":[{"name":"y","parameters":{%s}}]}\
            """
                .formatted(at(0, 8)))) {
      byte[] body = json.getBytes(StandardCharsets.UTF_8);
      ProtocolException e =
          assertThrows(
              ProtocolException.class, () -> plain.request(body, body.length, Arena.ofAuto()));
      assertEquals("shared memory is not supported", e.getMessage());
    }
  }

  @Test
  void outputsAreWrittenWhereTheyFit() {
    RequestedOutput output =
        read("""
        {"inputs":[],"outputs":[{"name":"y","parameters":{%s}}]}\
        """
                .formatted(at(4, 8)))
            .outputs()
            .getFirst();
    SharedRange range = new SharedRange("r", 4, 8);
    assertEquals(range, output.range());
    Tensor two = Tensor.of(new float[] {1, 2}, 2);
    assertEquals(range, range.write(memory, two, "output 'y'"));
    assertEquals(2, ByteBuffer.wrap(memory.bytes).order(ByteOrder.LITTLE_ENDIAN).getFloat(8));
    assertEquals(
        new SharedRange("r", 4, 6), range.write(memory, Tensor.ofStrings(List.of("ab"), 1), "y"));
    Tensor three = Tensor.of(new float[] {1, 2, 3}, 3);
    ProtocolException e =
        assertThrows(ProtocolException.class, () -> range.write(memory, three, "output 'y'"));
    assertEquals("output 'y' takes 12 bytes, but 'shared_memory_byte_size' says 8", e.getMessage());
  }

  @Test
  void onTheWire() {
    ByteBuffer.wrap(memory.bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(0, 5).putFloat(32, 7);
    InferWire wire = new InferWire(Limits.defaults(), memory);
    Tensor nothing = Tensor.of(new float[] {0}, 1);
    Map<String, Parameter> place = new SharedRange("r", 32, 4).parameters();
    List<InferTensor> tensors =
        List.of(
            new InferTensor("a", Tensor.of(new float[] {1}, 1), true),
            new InferTensor("b", nothing, false, place),
            new InferTensor("c", Tensor.of(new float[] {3}, 1), true));
    InferRequest request = new InferRequest(tensors);
    byte[] message = InferWire.request(new InferWire.Call("m", "", request));
    assertTrue(SharedRange.isMentioned(message, message.length));
    List<InferTensor> read = wire.readRequest(message, Arena.ofAuto()).request().inputs();
    assertEquals(
        List.of(1.0, 7.0, 3.0), read.stream().map(each -> each.tensor().getDouble(0)).toList());
    InferResponse response = new InferResponse("m", "1", null, Map.of(), tensors);
    read = wire.readResponse(InferWire.response(response), Arena.ofAuto()).outputs();
    assertEquals(
        List.of(1.0, 7.0, 3.0), read.stream().map(each -> each.tensor().getDouble(0)).toList());
    Message json = InferWriter.response(response);
    read = reader.response(json.body(), json.jsonLength(), Arena.ofAuto()).outputs();
    assertEquals(
        List.of(1.0, 7.0, 3.0), read.stream().map(each -> each.tensor().getDouble(0)).toList());
  }

  @Test
  void regionsAsMessages() {
    SharedRegion region = new SharedRegion("r", "/k", 4, 8);
    byte[] body = "{\"key\":\"/k\",\"offset\":4,\"byte_size\":8}".getBytes(StandardCharsets.UTF_8);
    assertEquals(region, SharedRegion.fromJson("r", body));
    assertEquals(region, SharedRegion.fromWire(region.toWire()));
    assertEquals(
        "[{\"name\":\"r\",\"key\":\"/k\",\"offset\":4,\"byte_size\":8}]",
        new String(SharedRegion.toJson(List.of(region)), StandardCharsets.UTF_8));
    for (String wrong : List.of("", "{}", "{\"key\":1}", "{\"key\":\"k\",\"byte_size\":\"8\"}")) {
      byte[] bytes = wrong.getBytes(StandardCharsets.UTF_8);
      assertThrows(ProtocolException.class, () -> SharedRegion.fromJson("r", bytes), wrong);
    }
    byte[] beyond = {32, -1, -1, -1, -1, -1, -1, -1, -1, -1, 1}; // byte_size 2^64 - 1
    assertTrue(SharedRegion.fromWire(beyond).bytes() < 0);
  }
}
