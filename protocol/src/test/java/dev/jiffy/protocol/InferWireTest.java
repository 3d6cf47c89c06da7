package dev.jiffy.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.protocol.ModelStatistics.BatchSpent;
import dev.jiffy.protocol.ModelStatistics.Memory;
import dev.jiffy.protocol.ModelStatistics.Spent;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InferWireTest {
  /// What Python's protocol buffers write for stubs made of `inference.proto`: a request with raw
  /// tensors, one with typed contents of every datatype, and an answer.
  private static final String RAW =
      "CgFtEgEyGgPDvDciDgoIcHJpb3JpdHkSAhADIgoKA3doeRIDGgF4KhcKAWESBEZQMzIaAgECIggK"
          + "Am9uEgIIASoNCgFiEgVCWVRFUxoBAjIZCgF5EhQKDmNsYXNzaWZpY2F0aW9uEgIQBToIAACAPwAA"
          + "gD86CQEAAAB4AAAAAA==";

  private static final String TYPED =
      "CgV0eXBlZCoVCgRib29sEgRCT09MGgECKgQKAgEAKhwKAmk4EgRJTlQ4GgECKg0SC4D/////////"
          + "/wF/Kh4KA2kxNhIFSU5UMTYaAQIqDRILgID+////////AQUqIgoDaTMyEgVJTlQzMhoBAioREg+A"
          + "gICA+P////8B/////wcqJgoDaTY0EgVJTlQ2NBoBAioVGhOAgICAgICAgIAB//////////9/KhUK"
          + "AnU4EgVVSU5UOBoBAioFIgMA/wEqFwoDdTE2EgZVSU5UMTYaAQEqBSID//8DKhkKA3UzMhIGVUlO"
          + "VDMyGgEBKgciBf////8PKh4KA3U2NBIGVUlOVDY0GgEBKgwqCv///////////wEqGgoDZjMyEgRG"
          + "UDMyGgECKgoyCAAAwD8AAACAKhoKA2Y2NBIERlA2NBoBASoKOgiamZmZmZm5PyoVCgFzEgVCWVRF"
          + "UxoBAioGQgLDqUIA";

  private static final String ANSWER = "CgFtEgExGgE3Kg0KAXkSBUlOVDMyGgECMggBAAAAAgAAAA==";

  private final InferWire wire = new InferWire(Limits.defaults().maxTensorBytes(1 << 20));

  private static byte[] bytes(String base64) {
    return Base64.getDecoder().decode(base64);
  }

  @Test
  void rawTensorsOfAnotherWriter() {
    InferWire.Call call = wire.readRequest(bytes(RAW), Arena.ofAuto());
    assertEquals("m", call.modelName());
    assertEquals("2", call.modelVersion());
    InferRequest request = call.request();
    assertEquals("ü7", request.id());
    assertEquals(
        Map.of("priority", new Parameter.Whole(3), "why", new Parameter.Text("x")),
        request.parameters());
    InferTensor a = request.inputs().getFirst();
    assertEquals(Map.of("on", new Parameter.Flag(true)), a.parameters());
    Tensors.assertSame(Tensor.of(new float[] {1, 1}, 1, 2), a.tensor());
    assertEquals(List.of("x", ""), request.inputs().get(1).tensor().strings());
    assertEquals(
        List.of(new RequestedOutput("y", Map.of("classification", new Parameter.Whole(5)))),
        request.outputs());
  }

  @Test
  void typedContentsOfAnotherWriter() {
    InferRequest request = wire.readRequest(bytes(TYPED), Arena.ofAuto()).request();
    Map<String, List<Long>> wholes =
        Map.of(
            "bool", List.of(1L, 0L),
            "i8", List.of(-128L, 127L),
            "i16", List.of(-32768L, 5L),
            "i32", List.of(-2147483648L, 2147483647L),
            "i64", List.of(Long.MIN_VALUE, Long.MAX_VALUE),
            "u8", List.of(0L, 255L),
            "u16", List.of(65535L),
            "u32", List.of(4294967295L),
            "u64", List.of(-1L));
    int checked = 0;
    for (InferTensor input : request.inputs()) {
      List<Long> expected = wholes.get(input.name());
      if (expected != null) {
        assertEquals(expected, Arrays.stream(input.tensor().toLongs()).boxed().toList());
        checked++;
      }
    }
    assertEquals(wholes.size(), checked);
    assertArrayEquals(new double[] {1.5, -0.0}, request.inputs().get(9).tensor().toDoubles());
    assertArrayEquals(new double[] {0.1}, request.inputs().get(10).tensor().toDoubles());
    assertEquals(List.of("é", ""), request.inputs().get(11).tensor().strings());
  }

  @Test
  void answersAsAnotherWriterWritesThem() {
    Tensor y = Tensor.of(new int[] {1, 2}, 2);
    InferResponse response =
        new InferResponse("m", "1", "7", Map.of(), List.of(new InferTensor("y", y, true)));
    assertArrayEquals(bytes(ANSWER), InferWire.response(response));
  }

  @Property(tries = 300, seed = "1")
  void requestsReadBack(@ForAll long seed) {
    Random random = new Random(seed);
    InferWire.Call call = call(random);
    InferWire.Call read = wire.readRequest(InferWire.request(call), Arena.ofAuto());
    assertEquals(call.modelName(), read.modelName());
    assertEquals(call.request().id(), read.request().id());
    assertEquals(call.request().parameters(), read.request().parameters());
    assertEquals(call.request().outputs(), read.request().outputs());
    assertSame(call.request().inputs(), read.request().inputs());
  }

  @Property(tries = 300, seed = "1")
  void answersReadBack(@ForAll long seed) {
    Random random = new Random(seed);
    InferResponse response =
        new InferResponse(
            "model",
            random.nextBoolean() ? "7" : null,
            random.nextBoolean() ? "ü" : null,
            random.nextBoolean() ? RoundTripTest.parameters(random) : Map.of(),
            RoundTripTest.tensors(random));
    InferResponse read = wire.readResponse(InferWire.response(response), Arena.ofAuto());
    assertEquals(response.modelVersion(), read.modelVersion());
    assertEquals(response.id(), read.id());
    assertEquals(response.parameters(), read.parameters());
    assertSame(response.outputs(), read.outputs());
    assertSame(
        response.outputs(),
        wire.readStreamResponse(InferWire.streamResponse(response), Arena.ofAuto()).outputs());
  }

  @Test
  void failuresInStreams() {
    for (String text : List.of("no such model", "ü".repeat(5000))) {
      byte[] message = InferWire.streamError(text, "7");
      ProtocolException e =
          assertThrows(
              ProtocolException.class, () -> wire.readStreamResponse(message, Arena.ofAuto()));
      assertEquals(text, e.getMessage());
    }
  }

  @Test
  void whatAModelTakesIsReadAgain() {
    ModelMetadata metadata =
        new ModelMetadata(
            "m",
            List.of("1", "2"),
            "onnx",
            List.of(
                new TensorMetadata("x", DType.BF16, List.of(-1L, 3L)),
                new TensorMetadata("s", DType.STRING, List.of())),
            List.of(new TensorMetadata("y", DType.F32, List.of(Long.MAX_VALUE))));
    byte[] message = ServiceWire.metadata(metadata);
    assertEquals(metadata, ServiceWire.modelMetadata(message));
    ServiceWire.Names names = new ServiceWire.Names("m", "2");
    assertEquals(names, ServiceWire.names(ServiceWire.names(names)));
    // Extents one by one, as writers of old do.
    assertEquals(
        List.of(7L, 300L),
        ServiceWire.modelMetadata(
                new byte[] {
                  0x22, 13, 0x12, 4, 'F', 'P', '3', '2', 0x18, 7, 0x18, (byte) 0xac, 2, 0x0a, 0
                })
            .inputs()
            .getFirst()
            .shape());
    for (int i = 1; i < message.length; i++) {
      byte[] cut = Arrays.copyOf(message, i);
      try {
        ServiceWire.modelMetadata(cut);
      } catch (ProtocolException e) {
        assertTrue(e.status() == 400, e::toString);
      }
    }
    assertThrows(
        ProtocolException.class,
        () -> ServiceWire.modelMetadata(new byte[] {0x22, 4, 0x12, 2, 'F', 'P'}));
  }

  /// As Python's protocol buffers read them.
  @Test
  void smallMessages() {
    List<TensorMetadata> tensors = List.of(new TensorMetadata("x", DType.BF16, List.of(-1L, 3L)));
    assertEquals(
        "CgFtEgExGhJvbm54X29ubnh2MV9sb25nZXIiFgoBeBIEQkYxNhoL////////////AQM=",
        text(
            ServiceWire.metadata(
                new ModelMetadata("m", List.of("1"), "onnx_onnxv1_longer", tensors, List.of()))));
    assertEquals(
        "Ci0KAW0SAXAgCCoSCgF4EA4iC////////////wEDMggKAXkQDRoBAloAwgECCAE=",
        text(
            new ModelConfig(
                    "m",
                    "p",
                    8,
                    true,
                    true,
                    tensors,
                    List.of(new TensorMetadata("y", DType.STRING, List.of(2L))))
                .toWire()));
    assertEquals(
        "Cg0KAW0SATEaBVJFQURZ",
        text(ModelState.toWire(List.of(new ModelState("m", "1", ModelState.READY, "")))));
    Spent none = new Spent(0, 0);
    assertEquals(
        "ClUKAW0SATEYBSCsAigHMiwKBAgBEAISABoECAMQBCIECAUQBioECAcQCDIECAkQCjoECAsQDEIECA0QDjoJ"
            + "CAQaBQgCEOgHQg0KB1dFSUdIVFMY8KIE",
        text(
            ModelStatistics.toWire(
                List.of(
                    new ModelStatistics(
                        "m",
                        "1",
                        5,
                        300,
                        7,
                        new Spent(1, 2),
                        none,
                        new Spent(3, 4),
                        new Spent(5, 6),
                        new Spent(7, 8),
                        new Spent(9, 10),
                        new Spent(11, 12),
                        new Spent(13, 14),
                        List.of(new BatchSpent(4, new Spent(2, 1000))),
                        List.of(new Memory("WEIGHTS", 70_000)))))));
  }

  private static String text(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static InferWire.Call call(Random random) {
    return new InferWire.Call(
        "model",
        random.nextBoolean() ? "3" : "",
        new InferRequest(
            random.nextBoolean() ? "id" : null,
            random.nextBoolean() ? RoundTripTest.parameters(random) : Map.of(),
            RoundTripTest.tensors(random),
            RoundTripTest.outputs(random)));
  }

  private static void assertSame(List<InferTensor> expected, List<InferTensor> actual) {
    assertEquals(expected.size(), actual.size());
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(expected.get(i).name(), actual.get(i).name());
      assertEquals(expected.get(i).parameters(), actual.get(i).parameters());
      Tensors.assertSame(expected.get(i).tensor(), actual.get(i).tensor());
    }
  }

  /// Whatever comes in, what comes out is a message or a failure that says whose it is.
  @Property(tries = 5000, seed = "1")
  void damagedMessages(@ForAll long seed) {
    Random random = new Random(seed);
    byte[] message =
        switch (random.nextInt(3)) {
          case 0 -> bytes(RAW);
          case 1 -> bytes(TYPED);
          default -> InferWire.request(call(random));
        };
    int damages = 1 + random.nextInt(3);
    for (int i = 0; i < damages && message.length > 0; i++) {
      int at = random.nextInt(message.length);
      switch (random.nextInt(3)) {
        case 0 -> message = Arrays.copyOf(message, at);
        case 1 -> message[at] ^= (byte) (1 << random.nextInt(8));
        default -> message[at] = (byte) random.nextInt();
      }
    }
    byte[] damaged = message;
    try {
      assertNotNull(wire.readRequest(damaged, Arena.ofAuto()));
    } catch (ProtocolException e) {
      assertTrue(e.status() == 400 || e.status() == 413, () -> "status " + e.status());
    }
    try {
      assertNotNull(wire.readResponse(damaged, Arena.ofAuto()));
    } catch (ProtocolException e) {
      assertTrue(e.status() == 400 || e.status() == 413, () -> "status " + e.status());
    }
  }

  /// Fields 1 to 5 of an input, without a length before it.
  private static byte[] request(String datatype, long dim, int contentsField, long... elements) {
    WireWriter input = new WireWriter(64);
    input.text(1, "x");
    input.text(2, datatype);
    input.present(3, dim);
    if (elements.length > 0) {
      WireWriter contents = new WireWriter(64);
      for (long element : elements) {
        contents.present(contentsField, element);
      }
      input.message(5, contents);
    }
    WireWriter message = new WireWriter(64);
    message.message(5, input);
    return message.toBytes();
  }

  @Test
  void elementsOneByOne() {
    InferRequest request =
        wire.readRequest(request("INT64", 2, 3, 5, -6), Arena.ofAuto()).request();
    assertArrayEquals(new long[] {5, -6}, request.inputs().getFirst().tensor().toLongs());
  }

  /// {@return a request whose elements come in parts}
  private static byte[] inParts(int empty, int parts) {
    WireWriter input = new WireWriter(64);
    input.text(1, "x");
    input.text(2, "INT64");
    input.present(3, parts);
    for (int i = 0; i < empty; i++) {
      input.message(5, new WireWriter(1));
    }
    WireWriter one = new WireWriter(8);
    one.present(3, 7);
    for (int i = 0; i < parts; i++) {
      input.message(5, one);
    }
    WireWriter message = new WireWriter(64);
    message.message(5, input);
    return message.toBytes();
  }

  @Test
  void elementsInParts() {
    int most = Limits.defaults().maxTensors();
    InferRequest request = wire.readRequest(inParts(5 * most, most), Arena.ofAuto()).request();
    assertEquals(most, request.inputs().getFirst().tensor().shape().elements());
    ProtocolException e =
        assertThrows(
            ProtocolException.class, () -> wire.readRequest(inParts(0, most + 1), Arena.ofAuto()));
    assertEquals("input 'x' has more than 1024 'contents'", e.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "INT8 | 1 | 2 | 128 | beyond INT8",
        "UINT16 | 1 | 4 | 65536 | beyond UINT16",
        "INT8 | 1 | 3 | 1 | do not hold",
        "INT64 | 3 | 3 | 1 | room for",
        "INT64 | 2 | 3 | 300 | 2 elements, but 1 came",
        "INT64 | 0 | 3 | 1 | more than the 0",
        "INT64 | -1 | 3 | 1 | got -1",
        "INT64 | 9000000000 | 3 | 1 | 0 to 2147483647",
        "INT64 | 1 |  |  | lacks 'contents'",
        "FP16 | 1 | 4 | 1 | raw bytes only",
        "FP33 | 1 | 4 | 1 | unknown datatype",
      })
  void wrongTensors(String datatype, long dim, Integer field, Long element, String says) {
    byte[] message =
        field == null || element == null
            ? request(datatype, dim, 1)
            : request(datatype, dim, field, element);
    ProtocolException e =
        assertThrows(ProtocolException.class, () -> wire.readRequest(message, Arena.ofAuto()));
    assertEquals(400, e.status());
    assertTrue(String.valueOf(e.getMessage()).contains(says), e::toString);
  }

  @Test
  void hugeClaimsTakeNoMemory() {
    List<byte[]> messages = new ArrayList<>();
    messages.add(new byte[] {0x3a, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x07});
    messages.add(request("BOOL", Integer.MAX_VALUE, 1, 1));
    WireWriter empty = new WireWriter(16);
    for (int i = 0; i < 2000; i++) {
      empty.message(5, new WireWriter(0));
    }
    messages.add(empty.toBytes());
    for (byte[] message : messages) {
      assertThrows(ProtocolException.class, () -> wire.readRequest(message, Arena.ofAuto()));
    }
    Tensor large = Tensor.allocate(DType.U8, dev.jiffy.tensor.Shape.of(2 << 20));
    byte[] message =
        InferWire.request(
            new InferWire.Call(
                "m", "", new InferRequest(List.of(new InferTensor("x", large, true)))));
    ProtocolException e =
        assertThrows(ProtocolException.class, () -> wire.readRequest(message, Arena.ofAuto()));
    assertEquals(413, e.status());
  }
}
