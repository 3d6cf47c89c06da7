package dev.jiffy.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/// What is written reads back as it was.
class RoundTripTest {
  private static final List<DType> DTYPES = List.of(DType.values());

  private final InferReader reader = new InferReader(Limits.defaults());

  @Property(tries = 300, seed = "1")
  void requests(@ForAll long seed) {
    Random random = new Random(seed);
    InferRequest request =
        new InferRequest(
            random.nextBoolean() ? "id-" + seed : null,
            random.nextBoolean() ? parameters(random) : Map.of(),
            tensors(random),
            outputs(random));
    Message message = InferWriter.request(request);
    try (Arena arena = Arena.ofConfined()) {
      InferRequest read = reader.request(message.body(), message.jsonLength(), arena);
      assertEquals(request.id(), read.id());
      assertEquals(request.parameters(), read.parameters());
      assertEquals(request.outputs(), read.outputs());
      assertSame(request.inputs(), read.inputs());
    }
  }

  @Property(tries = 300, seed = "1")
  void answers(@ForAll long seed) {
    Random random = new Random(seed);
    InferResponse response =
        new InferResponse(
            "model",
            random.nextBoolean() ? "7" : null,
            random.nextBoolean() ? "ü" : null,
            random.nextBoolean() ? parameters(random) : Map.of(),
            tensors(random));
    Message message = InferWriter.response(response);
    try (Arena arena = Arena.ofConfined()) {
      InferResponse read = reader.response(message.body(), message.jsonLength(), arena);
      assertEquals(response.modelName(), read.modelName());
      assertEquals(response.modelVersion(), read.modelVersion());
      assertEquals(response.id(), read.id());
      assertEquals(response.parameters(), read.parameters());
      assertSame(response.outputs(), read.outputs());
    }
  }

  @Test
  void metadata() {
    ModelMetadata model =
        new ModelMetadata(
            "m",
            List.of("1", "2"),
            "onnx_onnxv1",
            List.of(new TensorMetadata("x", DType.F32, List.of(-1L, 3L))),
            List.of(new TensorMetadata("y", DType.STRING, List.of())));
    assertEquals(model, ModelMetadata.fromJson(model.toJson()));
    ServerMetadata server = new ServerMetadata("s", "1.0", List.of("binary_tensor_data"));
    assertEquals(server, ServerMetadata.fromJson(server.toJson()));
    ErrorBody error = new ErrorBody("\"what\" went wrong\n");
    assertEquals(error, ErrorBody.fromJson(error.toJson()));
  }

  private static void assertSame(List<InferTensor> expected, List<InferTensor> actual) {
    assertEquals(expected.size(), actual.size());
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(expected.get(i).name(), actual.get(i).name());
      assertEquals(expected.get(i).binary(), actual.get(i).binary());
      assertEquals(expected.get(i).parameters(), actual.get(i).parameters());
      Tensors.assertSame(expected.get(i).tensor(), actual.get(i).tensor());
    }
  }

  static List<InferTensor> tensors(Random random) {
    List<InferTensor> tensors = new ArrayList<>();
    int count = random.nextInt(4);
    for (int i = 0; i < count; i++) {
      DType dtype = DTYPES.get(random.nextInt(DTYPES.size()));
      long[] dims = random.longs(random.nextInt(4), 0, 5).toArray();
      tensors.add(
          new InferTensor(
              "tensor " + i,
              Tensors.random(dtype, Shape.of(dims), random),
              !Datatypes.inJson(dtype) || random.nextBoolean(),
              random.nextBoolean() ? parameters(random) : Map.of()));
    }
    return tensors;
  }

  static List<RequestedOutput> outputs(Random random) {
    List<RequestedOutput> outputs = new ArrayList<>();
    int count = random.nextInt(3);
    for (int i = 0; i < count; i++) {
      outputs.add(
          new RequestedOutput(
              "output " + i,
              Map.of(RequestedOutput.BINARY, new Parameter.Flag(random.nextBoolean()))));
    }
    return outputs;
  }

  static Map<String, Parameter> parameters(Random random) {
    return Map.of(
        "text", new Parameter.Text("t" + random.nextInt()),
        "whole", new Parameter.Whole(random.nextLong()),
        "real", new Parameter.Real(random.nextGaussian()),
        "flag", new Parameter.Flag(random.nextBoolean()));
  }
}
