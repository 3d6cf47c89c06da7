package dev.jiffy.server.http;

import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.protocol.SharedRegion;
import dev.jiffy.server.shared.Regions;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Requests about regions of shared memory. Those of a GPU's are none: clients that only make sure
/// of that are told so.
final class SharedRequests {
  private static final byte[] NOTHING = "{}".getBytes(StandardCharsets.UTF_8);

  private final @Nullable Regions regions;

  /// @param regions the regions, null where memory is not shared
  SharedRequests(@Nullable Regions regions) {
    this.regions = regions;
  }

  private Regions regions() {
    if (regions == null) {
      throw new ProtocolException(501, "shared memory is not on");
    }
    return regions;
  }

  /// {@return what is known of a region, or of all where the name is empty}
  Reply status(Route.Kind kind, String name) {
    Regions known = regions();
    return Reply.json(
        200,
        SharedRegion.toJson(
            switch (kind) {
              case SYSTEM -> known.status(name);
              case CUDA -> List.of();
            }));
  }

  /// Makes a region known.
  Reply register(Route.Kind kind, String name, byte[] body) {
    Regions known = regions();
    switch (kind) {
      case SYSTEM -> known.register(SharedRegion.fromJson(name, body));
      case CUDA -> throw new ProtocolException(501, "memory of a GPU is not shared");
    }
    return Reply.json(200, NOTHING);
  }

  /// Forgets a region, or all where the name is empty.
  Reply unregister(Route.Kind kind, String name) {
    Regions known = regions();
    switch (kind) {
      case SYSTEM -> known.unregister(name);
      case CUDA -> {} // there is none
    }
    return Reply.json(200, NOTHING);
  }
}
