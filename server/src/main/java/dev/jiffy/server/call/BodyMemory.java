package dev.jiffy.server.call;

import dev.jiffy.protocol.ProtocolException;
import java.util.concurrent.atomic.AtomicLong;

/// What bodies and messages may take of the heap, those of all connections together, from when they
/// arrive until they are read. Shared between threads.
public final class BodyMemory {
  private static final int SHARE_OF_HEAP = 4;

  private final long mostBytes;
  private final AtomicLong taken = new AtomicLong();

  /// Memory of which nothing is taken.
  ///
  /// @param mostBytes how much may be taken
  public BodyMemory(long mostBytes) {
    this.mostBytes = mostBytes;
  }

  /// {@return a quarter of the heap: while a body grows it is there twice, and what is read of it
  /// has to have room as well}
  public static BodyMemory ofHeap() {
    return new BodyMemory(Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP);
  }

  /// {@return how much may be taken}
  public long mostBytes() {
    return mostBytes;
  }

  /// {@return the largest body that can be taken: no larger than all may be together}
  ///
  /// @param limit the largest that was asked for
  public int largest(int limit) {
    return (int) Math.min(limit, mostBytes);
  }

  /// {@return how much is taken}
  public long takenBytes() {
    return taken.get();
  }

  /// {@return the share of a body of which nothing has come}
  public Share share() {
    return new Share();
  }

  /// What one body takes. Belongs to one thread at a time.
  public final class Share {
    private long bytes;

    private Share() {}

    /// Takes more.
    ///
    /// @param more how many bytes
    /// @throws ProtocolException of status 413 if the body is larger than all may be together, of
    ///   status 503 if others leave no room
    public void add(long more) {
      if (more > mostBytes - bytes) {
        throw new ProtocolException(
            413, "the request is larger than the %d bytes for all of them".formatted(mostBytes));
      }
      if (taken.addAndGet(more) > mostBytes) {
        taken.addAndGet(-more);
        throw new ProtocolException(
            503, "the requests that arrive now take all the memory that there is for them");
      }
      bytes += more;
    }

    /// {@return a share of what this one took, which has nothing to give back any more}
    public Share moved() {
      Share moved = new Share();
      moved.bytes = bytes;
      bytes = 0;
      return moved;
    }

    /// Gives all of it back. Idempotent.
    public void release() {
      if (bytes != 0) { // most are released twice, by all threads at one counter
        taken.addAndGet(-bytes);
        bytes = 0;
      }
    }
  }
}
