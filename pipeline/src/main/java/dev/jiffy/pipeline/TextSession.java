package dev.jiffy.pipeline;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.Session;
import dev.jiffy.pipeline.TextSettings.Pooling;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// The working memory of one thread that runs a [TextPipeline]. Belongs to one thread at a time.
///
/// Texts are run in batches of similar length, each padded to its longest: a text's vector is the
/// same, up to rounding, whatever texts are with it. An empty text is the special tokens alone.
public final class TextSession implements AutoCloseable {
  private static final int MAX_BATCH = 32;
  private static final int MAX_PADDED_TOKENS = 4096;

  /// Padding by fewer tokens than this costs less than another run of the model.
  private static final int MIN_PADDING = 8;

  private static final float MIN_LENGTH = 1e-12f;

  private final TextPipeline pipeline;
  private final Session session;
  private final TextInputs inputs;
  private float[] row = new float[0];

  TextSession(TextPipeline pipeline, Session session) {
    this.pipeline = pipeline;
    this.session = session;
    this.inputs = new TextInputs(pipeline.inputs(), pipeline.settings().padId());
  }

  /// {@return the vectors of texts}
  ///
  /// @param texts the texts; what is longer than the most tokens is cut
  /// @throws ModelException if the model cannot take them
  public Embeddings embed(List<String> texts) {
    long start = System.nanoTime();
    List<Tokens> tokens = new ArrayList<>(texts.size());
    for (String text : texts) {
      tokens.add(padIfEmpty(pipeline.tokenizer().encode(text)));
    }
    return embed(tokens, System.nanoTime() - start);
  }

  /// {@return the vectors of texts that are tokens already; nothing is added to them}
  ///
  /// @param texts the tokens of each text; what is longer than the most tokens is cut
  /// @throws IllegalArgumentException if a token is not in the vocabulary
  /// @throws ModelException if the model cannot take them
  public Embeddings embedTokens(List<int[]> texts) {
    List<Tokens> tokens = new ArrayList<>(texts.size());
    for (int[] ids : texts) {
      for (int id : ids) {
        if (id < 0 || id >= pipeline.vocabulary()) {
          throw new IllegalArgumentException(
              "token %d is not in the vocabulary of %d".formatted(id, pipeline.vocabulary()));
        }
      }
      tokens.add(
          padIfEmpty(
              new Tokens(Arrays.copyOf(ids, Math.min(ids.length, pipeline.maxTokens())), null)));
    }
    return embed(tokens, 0);
  }

  private Tokens padIfEmpty(Tokens tokens) {
    return tokens.count() > 0 ? tokens : new Tokens(new int[] {pipeline.settings().padId()}, null);
  }

  private Embeddings embed(List<Tokens> tokens, long tokenizeNanos) {
    long[] order = longestFirst(tokens);
    float[][] vectors = new float[order.length][];
    long count = 0;
    long runNanos = 0;
    long poolNanos = 0;
    List<Tokens> batch = new ArrayList<>();
    for (int from = 0; from < order.length; from += batch.size()) {
      int longest = tokens.get((int) order[from]).count();
      int length = pipeline.fixedLength().orElse(longest);
      int most =
          Math.clamp(MAX_PADDED_TOKENS / length, 1, Math.min(MAX_BATCH, pipeline.maxBatch()));
      batch.clear();
      for (int i = from; i < Math.min(order.length, from + most); i++) {
        Tokens text = tokens.get((int) order[i]);
        if (longest - text.count() > Math.max(MIN_PADDING, longest / 4)) {
          break;
        }
        count += text.count();
        batch.add(text);
      }
      long start = System.nanoTime();
      Tensor output = run(batch, length);
      long ran = System.nanoTime();
      for (int i = 0; i < batch.size(); i++) {
        vectors[(int) order[from + i]] = vector(output, i, batch.get(i).count());
      }
      runNanos += ran - start;
      poolNanos += System.nanoTime() - ran;
    }
    return new Embeddings(Arrays.asList(vectors), count, tokenizeNanos, runNanos, poolNanos);
  }

  /// {@return the indices of texts by falling number of tokens}
  private static long[] longestFirst(List<Tokens> tokens) {
    long[] order = new long[tokens.size()];
    for (int i = 0; i < order.length; i++) {
      order[i] = ((long) (Integer.MAX_VALUE - tokens.get(i).count()) << 32) | i;
    }
    Arrays.sort(order);
    for (int i = 0; i < order.length; i++) {
      order[i] &= 0xffff_ffffL;
    }
    return order;
  }

  private Tensor run(List<Tokens> batch, int length) {
    Map<String, Tensor> outputs = session.runReusing(inputs.fill(batch, length));
    Tensor output = outputs.get(pipeline.output());
    if (output == null) {
      throw new IllegalStateException("the model gave no " + pipeline.output());
    }
    Shape shape = output.shape();
    boolean fits =
        switch (shape.rank()) {
          case 2 -> shape.dim(0) == batch.size();
          case 3 -> shape.dim(0) == batch.size() && shape.dim(1) == length;
          default -> false;
        };
    if (!fits) {
      throw new ModelException(
          "output %s is %s for %d texts of %d tokens, expected [%d, %d, size] or [%d, size]"
              .formatted(
                  pipeline.output(),
                  shape,
                  batch.size(),
                  length,
                  batch.size(),
                  length,
                  batch.size()));
    }
    return output;
  }

  private float[] vector(Tensor output, int index, int tokens) {
    Shape shape = output.shape();
    int size = Math.toIntExact(shape.dim(shape.rank() - 1));
    float[] vector = new float[size];
    if (shape.rank() == 2) {
      copy(output, (long) index * size, vector);
    } else {
      long first = index * shape.dim(1) * size;
      if (pipeline.settings().pooling() == Pooling.FIRST) {
        copy(output, first, vector);
      } else {
        mean(output, first, tokens, vector);
      }
    }
    normalize(vector);
    return vector;
  }

  private void mean(Tensor output, long first, int tokens, float[] vector) {
    int size = vector.length;
    if (row.length != size) {
      row = new float[size];
    }
    for (int token = 0; token < tokens; token++) {
      copy(output, first + (long) token * size, row);
      for (int i = 0; i < size; i++) {
        vector[i] += row[i];
      }
    }
    for (int i = 0; i < size; i++) {
      vector[i] /= tokens;
    }
  }

  private static void copy(Tensor tensor, long from, float[] to) {
    MemorySegment.copy(
        tensor.segment(), ValueLayout.JAVA_FLOAT_UNALIGNED, from * Float.BYTES, to, 0, to.length);
  }

  private static void normalize(float[] vector) {
    double square = 0;
    for (float x : vector) {
      square += (double) x * x;
    }
    float length = Math.max((float) Math.sqrt(square), MIN_LENGTH);
    for (int i = 0; i < vector.length; i++) {
      vector[i] /= length;
    }
  }

  /// {@return the bytes of the session's block of memory; any thread may ask}
  public long memoryBytes() {
    return session.memoryBytes();
  }

  /// Releases the session's memory. Idempotent.
  @Override
  public void close() {
    session.close();
  }
}
