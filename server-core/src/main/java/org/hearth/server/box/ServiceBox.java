package org.hearth.server.box;

import java.util.List;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.http.RouteGroup;

/// A service in one piece: the box registers its endpoints itself.
public interface ServiceBox extends Box, RouteGroup {
  @Override
  default Node.Kind kind() {
    return Node.Kind.SERVICE;
  }

  @Override
  default List<RouteGroup> routes() {
    return List.of(this);
  }
}
