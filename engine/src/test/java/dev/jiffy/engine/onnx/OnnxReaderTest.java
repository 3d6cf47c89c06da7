package dev.jiffy.engine.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxReaderTest {
  private static final int FLOAT = 1;

  @Test
  void everyTruncationIsRefusedOrStillAModel() {
    byte[] whole = Models.network();
    for (int length = 0; length < whole.length; length++) {
      attempt(Arrays.copyOf(whole, length));
    }
    attempt(whole);
  }

  @Test
  void flippedBitsAreRefusedOrStillAModel() {
    byte[] whole = Models.network();
    RandomGenerator random = new SplittableRandom(7);
    for (int bit = 0; bit < whole.length * 8; bit += 3) {
      byte[] flipped = whole.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      attempt(flipped);
    }
    for (int run = 0; run < 3000; run++) {
      byte[] flipped = whole.clone();
      for (int i = 0; i < 1 + run % 8; i++) {
        flipped[random.nextInt(whole.length)] = (byte) random.nextInt();
      }
      attempt(flipped);
    }
  }

  @Test
  void noiseIsRefused() {
    RandomGenerator random = new SplittableRandom(7);
    for (int run = 0; run < 2000; run++) {
      byte[] noise = new byte[random.nextInt(200)];
      random.nextBytes(noise);
      attempt(noise);
    }
  }

  /// Nothing but [ModelException] may come out.
  private static void attempt(byte[] bytes) {
    try (Arena arena = Arena.ofConfined()) {
      OnnxModel model = Models.read(bytes, arena);
      assertEquals(model.graph().outputs().size(), Importer.graph(model).outputs().size());
    } catch (ModelException e) {
      assertTrue(String.valueOf(e.getMessage()).length() > 10, () -> "no reason: " + e);
    }
  }

  private static String refused(ProtoWriter message) {
    try (Arena arena = Arena.ofConfined()) {
      byte[] bytes = message.toByteArray();
      return String.valueOf(
          assertThrows(ModelException.class, () -> Models.read(bytes, arena)).getMessage());
    }
  }

  private static Tensor only(ProtoWriter tensor, Arena arena) {
    Tensor read =
        Models.read(model(tensor).toByteArray(), arena).graph().initializers().getFirst().tensor();
    if (read == null) {
      throw new AssertionError("unsupported type");
    }
    return read;
  }

  private static ProtoWriter model(ProtoWriter tensor) {
    return new ProtoWriter().message(7, new ProtoWriter().message(5, tensor));
  }

  private static ProtoWriter tensor(int type, Long... dims) {
    return new ProtoWriter().packedIntegers(1, List.of(dims)).integer(2, type).string(8, "w");
  }

  @Test
  void malformedBytesSayWhere() {
    assertTrue(refused(new ProtoWriter()).contains("no graph"));
    assertTrue(refused(new ProtoWriter().raw((byte) 0x3a, (byte) 0x7f)).contains("at byte 0"));
    assertTrue(refused(new ProtoWriter().raw((byte) 0x00)).contains("tag 0"));
    assertTrue(refused(new ProtoWriter().raw((byte) 0x0b)).contains("wire type 3"));
    assertTrue(refused(new ProtoWriter().integer(7, 5)).contains("GraphProto"));
    byte[] endless = new byte[12];
    Arrays.fill(endless, (byte) 0xff);
    endless[0] = 0x08;
    assertTrue(refused(new ProtoWriter().raw(endless)).contains("longer than 64 bits"));
    byte[] latin = {0x12, 0x01, (byte) 0xe9};
    assertTrue(refused(new ProtoWriter().raw(latin)).contains("UTF-8"));
  }

  @Test
  void graphsNestedForeverAreRefused() {
    ProtoWriter graph = new ProtoWriter();
    for (int i = 0; i < 200; i++) {
      ProtoWriter attribute = new ProtoWriter().string(1, "body").message(6, graph);
      graph = new ProtoWriter().message(1, new ProtoWriter().message(5, attribute));
    }
    assertTrue(refused(new ProtoWriter().message(7, graph)).contains("nested"));
  }

  @Test
  void absurdSizesAreRefusedBeforeAllocation() {
    assertTrue(refused(model(tensor(FLOAT, 1L << 40, 1L << 40))).contains("2^63"));
    assertTrue(refused(model(tensor(FLOAT, -3L))).contains("negative"));
    assertTrue(refused(model(tensor(FLOAT, 1L << 61))).contains("2^63 bytes"));
    assertTrue(refused(model(tensor(FLOAT, 1L << 60))).contains("the file has 0"));
    ProtoWriter raw = tensor(FLOAT, 1L << 30).bytes(9, MemorySegment.ofArray(new byte[1000]));
    assertTrue(refused(model(raw)).contains("needs 4294967296 bytes, the file has 1000"));
    ProtoWriter strings = tensor(8, 1L << 30).string(6, "one");
    assertTrue(refused(model(strings)).contains("the file has 1"));
    ProtoWriter claim = new ProtoWriter().raw((byte) 0x3a).raw(varint(1L << 31));
    assertTrue(refused(claim).contains("claims 2147483648 bytes"));
    ProtoWriter negative = new ProtoWriter().raw((byte) 0x3a).raw(varint(-1));
    assertTrue(refused(negative).contains("claims 18446744073709551615 bytes"));
  }

  private static byte[] varint(long value) {
    byte[] all = new ProtoWriter().integer(1, value).toByteArray();
    return Arrays.copyOfRange(all, 1, all.length);
  }

  @Test
  void typedFieldsAreDecoded() {
    try (Arena arena = Arena.ofConfined()) {
      Tensor floats = only(tensor(1, 2L).packedFloats(4, List.of(1.5f, -2f)), arena);
      assertArrayEquals(new float[] {1.5f, -2}, floats.toFloats());
      Tensor loose = only(tensor(1, 2L).float32(4, 3).float32(4, 4), arena);
      assertArrayEquals(new float[] {3, 4}, loose.toFloats());
      Tensor half = only(tensor(10, 2L).packedIntegers(5, List.of(0x3c00L, 0xc000L)), arena);
      assertArrayEquals(new double[] {1, -2}, half.toDoubles());
      Tensor brain = only(tensor(16, 1L).integer(5, 0x3f80), arena);
      assertArrayEquals(new double[] {1}, brain.toDoubles());
      Tensor bytes = only(tensor(3, 2L).packedIntegers(5, List.of(-1L, 7L)), arena);
      assertArrayEquals(new long[] {-1, 7}, bytes.toLongs());
      Tensor truth = only(tensor(9, 3L).packedIntegers(5, List.of(0L, 1L, 5L)), arena);
      assertArrayEquals(new long[] {0, 1, 1}, truth.toLongs());
      Tensor longs = only(tensor(7, 2L).packedIntegers(7, List.of(Long.MIN_VALUE, 9L)), arena);
      assertArrayEquals(new long[] {Long.MIN_VALUE, 9}, longs.toLongs());
      Tensor unsigned = only(tensor(12, 1L).integer(11, 0xffff_ffffL), arena);
      assertArrayEquals(new long[] {0xffff_ffffL}, unsigned.toLongs());
      Tensor text = only(tensor(8, 2L).string(6, "über").string(6, ""), arena);
      assertEquals(List.of("über", ""), text.strings());
      Tensor raw = only(tensor(9, 3L).bytes(9, MemorySegment.ofArray(new byte[] {0, 1, 9})), arena);
      assertArrayEquals(new long[] {0, 1, 1}, raw.toLongs());
    }
  }

  @Test
  void elementsInTheWrongPlaceAreRefused() {
    assertTrue(refused(model(tensor(1, 1L).integer(7, 3))).contains("another type"));
    ProtoWriter both = tensor(1, 1L).float32(4, 1).bytes(9, MemorySegment.ofArray(new byte[4]));
    assertTrue(refused(model(both)).contains("two places"));
    assertTrue(refused(model(tensor(0, 1L))).contains("no element type"));
    byte[] odd = {0, 0, 0};
    ProtoWriter ragged = tensor(1, 1L).bytes(4, MemorySegment.ofArray(odd));
    assertTrue(refused(model(ragged)).contains("no list of elements"));
  }

  @Test
  void weightsAreViewsOfTheFile() {
    try (Arena arena = Arena.ofConfined()) {
      byte[] bytes = Models.network();
      MemorySegment file = arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
      OnnxModel model = OnnxReader.read(new ModelSource.InMemory(file), arena);
      model
          .graph()
          .initializers()
          .forEach(weight -> {
            Tensor tensor = weight.tensor();
            assertTrue(
                tensor != null
                    && tensor.segment().address() >= file.address()
                    && tensor.segment().address() < file.address() + file.byteSize(),
                weight::name);
          });
    }
  }

  @Test
  void unsupportedTypesKeepTheirNames() {
    try (Arena arena = Arena.ofConfined()) {
      OnnxModel model = Models.read(model(tensor(17, 4L)).toByteArray(), arena);
      assertEquals("FLOAT8E4M3FN[4]", model.graph().initializers().getFirst().type());
    }
  }

  @Test
  void attributesWithoutTypeAreUnderstood() {
    ProtoWriter attribute = new ProtoWriter().string(1, "axes").integer(8, 1).integer(8, -1);
    ProtoWriter node = new ProtoWriter().string(4, "Squeeze").message(5, attribute);
    ProtoWriter model = new ProtoWriter().message(7, new ProtoWriter().message(1, node));
    try (Arena arena = Arena.ofConfined()) {
      Map<String, AttributeProto> attributes =
          Models.read(model.toByteArray(), arena).graph().nodes().getFirst().attributes();
      assertEquals(new AttributeProto.Ints(List.of(1L, -1L)), attributes.get("axes"));
    }
  }

  private static ProtoWriter external(String location, long offset, long length) {
    return model(
        tensor(FLOAT, 2L)
            .integer(14, 1)
            .message(13, new ProtoWriter().string(1, "location").string(2, location))
            .message(13, new ProtoWriter().string(1, "offset").string(2, "" + offset))
            .message(13, new ProtoWriter().string(1, "length").string(2, "" + length)));
  }

  @Test
  void externalFilesStayInTheFolder(@TempDir Path root) throws IOException {
    Path folder = Files.createDirectory(root.resolve("model"));
    Path file = folder.resolve("model.onnx");
    Files.write(
        folder.resolve("weights"), new byte[] {9, 9, 9, 9, 0, 0, (byte) 0x80, 0x3f, 0, 0, 0, 0x40});
    Files.write(root.resolve("secret"), new byte[12]);
    Files.createSymbolicLink(folder.resolve("link"), root.resolve("secret"));
    Files.createDirectory(folder.resolve("sub"));
    try (Arena arena = Arena.ofConfined()) {
      external("weights", 4, 8).writeTo(file);
      Tensor weight = OnnxReader.read(file, arena).graph().initializers().getFirst().tensor();
      assertTrue(weight != null && weight.dtype() == DType.F32);
      assertArrayEquals(new float[] {1, 2}, weight.toFloats());
    }
    refused(file, external("../secret", 0, 8), "leaves the model's folder");
    refused(file, external("sub/../weights", 0, 8), "leaves the model's folder");
    refused(file, external(root.resolve("secret").toString(), 0, 8), "relative");
    refused(file, external("link", 0, 8), "links out");
    refused(file, external("sub", 0, 8), "no regular file");
    refused(file, external("absent", 0, 8), "no such file");
    refused(file, external("", 0, 8), "relative");
    refused(file, external("we\0ights", 0, 8), "no path");
    refused(file, external("weights", 8, 8), "the file has 12 bytes");
    refused(file, external("weights", 13, 0), "the file has 12 bytes");
    refused(file, external("weights", -4, 8), "offset -4");
    refused(file, external("weights", 4, 4), "needs 8 bytes");
    refused(file, external("weights", 0, Long.MAX_VALUE), "the file has 12 bytes");
    assertTrue(refused(external("weights", 0, 8)).contains("does not come from a file"));
  }

  private static void refused(Path file, ProtoWriter model, String reason) throws IOException {
    model.writeTo(file);
    try (Arena arena = Arena.ofConfined()) {
      ModelException e = assertThrows(ModelException.class, () -> OnnxReader.read(file, arena));
      assertTrue(String.valueOf(e.getMessage()).contains(reason), e::getMessage);
    }
  }

  @Test
  void filesThatCannotBeReadAreRefused(@TempDir Path folder) {
    try (Arena arena = Arena.ofConfined()) {
      Path absent = folder.resolve("absent.onnx");
      ModelException e = assertThrows(ModelException.class, () -> OnnxReader.read(absent, arena));
      assertTrue(String.valueOf(e.getMessage()).contains("absent.onnx"));
    }
  }
}
