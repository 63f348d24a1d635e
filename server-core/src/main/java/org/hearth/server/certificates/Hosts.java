package org.hearth.server.certificates;

import java.net.InetAddress;
import java.util.List;

/// What devices at home call the server.
///
/// @param names of DNS, in lower case
/// @param addresses of its listeners
public record Hosts(List<String> names, List<InetAddress> addresses) {
  public Hosts {
    names = List.copyOf(names);
    addresses = List.copyOf(addresses);
  }
}
