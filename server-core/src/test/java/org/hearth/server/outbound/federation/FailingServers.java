package org.hearth.server.outbound.federation;

import java.time.InstantSource;
import java.util.List;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.store.Store;

/// Leaves servers in a database that could not be reached.
public final class FailingServers {
  private FailingServers() {}

  public static void add(Store store, String name, String why) {
    BackOff backOff = new BackOff(store, InstantSource.system(), () -> 0);
    ((BackOff.Attempt) backOff.begin(ServerName.parse(name))).failed(why);
    store.committer().commit("test", List.of(), List.of()); // What was handed over before is in.
  }
}
