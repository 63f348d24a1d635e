package org.hearth.server.outbound;

import java.util.List;

/// What name servers say about who serves something in a domain.
public sealed interface Services {
  /// Those who serve it.
  ///
  /// @param endpoints whom to ask, in this order; not empty. Their addresses are not known yet
  record Served(List<Endpoint> endpoints) implements Services {
    public Served {
      endpoints = List.copyOf(endpoints);
    }
  }

  /// There is no SRV record, or the name servers could not say.
  ///
  /// @param why in words
  record None(String why) implements Services {}

  /// The domain says that nobody serves it there (RFC 2782: a target of "."), or no name server
  /// answered at all.
  ///
  /// @param why in words
  record Unavailable(String why) implements Services {}
}
