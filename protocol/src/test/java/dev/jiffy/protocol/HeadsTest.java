package dev.jiffy.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// JSON that was read or written before is compared instead, which must not be seen.
class HeadsTest {
  private static final Limits LIMITS = Limits.defaults();

  private static Tensor random(Random random, DType dtype) {
    int rows = random.nextInt(3);
    Tensor tensor = Tensor.allocate(dtype, Shape.of(rows, 2), Arena.ofAuto());
    for (int i = 0; i < 2 * rows; i++) {
      if (dtype == DType.STRING) {
        tensor.setString(i, "" + random.nextInt(3));
      } else {
        tensor.setDouble(i, dtype == DType.BOOL ? random.nextInt(2) : random.nextInt(5));
      }
    }
    return tensor;
  }

  private static List<InferTensor> tensors(Random random) {
    DType[] dtypes = {DType.F32, DType.I64, DType.BOOL, DType.STRING, DType.F16};
    InferTensor first =
        new InferTensor("a", random(random, dtypes[random.nextInt(5)]), random.nextInt(4) > 0);
    return random.nextBoolean()
        ? List.of(first)
        : List.of(first, new InferTensor("b", random(random, DType.F32), true));
  }

  @Test
  void aReaderThatKnowsHeadsReadsWhatAFreshOneReads() {
    Random random = new Random(5);
    InferReader known = new InferReader(LIMITS);
    for (int i = 0; i < 3000; i++) {
      String id = random.nextInt(4) == 0 ? "i" + random.nextInt(3) : null;
      Map<String, Parameter> parameters =
          random.nextBoolean()
              ? Map.of()
              : Map.of(InferRequest.BINARY, new Parameter.Flag(random.nextBoolean()));
      List<InferTensor> inputs =
          tensors(random).stream()
              .filter(input -> input.binary() || Datatypes.inJson(input.tensor().dtype()))
              .toList();
      Message message = InferWriter.request(new InferRequest(id, parameters, inputs, List.of()));
      byte[] body = message.body();
      if (random.nextInt(3) == 0) {
        body =
            Arrays.copyOf(
                body, Math.max(message.jsonLength(), body.length + random.nextInt(7) - 3));
      }
      String expected = told(new InferReader(LIMITS), body, message.jsonLength());
      assertEquals(expected, told(known, body, message.jsonLength()));
    }
  }

  /// {@return what a reader makes of a body, in words}
  private static String told(InferReader reader, byte[] body, int jsonLength) {
    try {
      InferRequest request = reader.request(body, jsonLength, Arena.ofAuto());
      StringBuilder words = new StringBuilder();
      words.append(request.id()).append(request.parameters()).append(request.outputs());
      for (InferTensor input : request.inputs()) {
        Tensor tensor = input.tensor();
        words.append(input.name()).append(input.binary()).append(input.parameters());
        words.append(tensor.dtype()).append(tensor.shape());
        for (int i = 0; i < tensor.shape().elements(); i++) {
          words.append(
              tensor.dtype() == DType.STRING ? tensor.strings().get(i) : tensor.getDouble(i));
        }
      }
      return words.toString();
    } catch (ProtocolException e) {
      return e.status() + e.getMessage();
    }
  }

  @Test
  void answersOfOneKindDifferInWhatStandsBehindTheHead() {
    Random random = new Random(6);
    InferReader reader = new InferReader(LIMITS);
    for (int i = 0; i < 1000; i++) {
      List<InferTensor> outputs =
          tensors(random).stream()
              .filter(output -> output.binary() || Datatypes.inJson(output.tensor().dtype()))
              .toList();
      String model = "m" + random.nextInt(2);
      Message message =
          InferWriter.response(new InferResponse(model, "1", null, Map.of(), outputs));
      InferResponse read = reader.response(message.body(), message.jsonLength(), Arena.ofAuto());
      assertEquals(model, read.modelName());
      assertEquals(outputs.size(), read.outputs().size());
      for (int k = 0; k < outputs.size(); k++) {
        Tensor expected = outputs.get(k).tensor();
        Tensor tensor = read.outputs().get(k).tensor();
        assertEquals(outputs.get(k).name(), read.outputs().get(k).name());
        assertEquals(expected.dtype(), tensor.dtype());
        assertEquals(expected.shape(), tensor.shape());
        if (expected.dtype() == DType.STRING) {
          assertEquals(expected.strings(), tensor.strings());
        } else {
          assertTrue(expected.segment().mismatch(tensor.segment()) < 0);
        }
      }
    }
  }

  @Test
  void aHeadIsNoneOfAnotherLength() {
    InferReader reader = new InferReader(LIMITS);
    Message message =
        InferWriter.request(
            new InferRequest(
                List.of(new InferTensor("a", Tensor.of(new float[] {1, 2}, 2), true))));
    for (int i = 0; i < 2; i++) {
      InferRequest read = reader.request(message.body(), message.jsonLength(), Arena.ofAuto());
      assertArrayEquals(new float[] {1, 2}, read.inputs().getFirst().tensor().toFloats());
    }
    byte[] longer = Arrays.copyOf(message.body(), message.body().length + 1);
    assertThrows(
        ProtocolException.class,
        () -> reader.request(longer, message.jsonLength(), Arena.ofAuto()));
  }
}
