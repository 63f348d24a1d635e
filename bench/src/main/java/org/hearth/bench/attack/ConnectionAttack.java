package org.hearth.bench.attack;

import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;

/// Asks a server before, during and after an attack by connections.
///
/// Arguments: `drip` or `hold`, the address of the server, the number of sockets.
public final class ConnectionAttack {
  private static final Duration SPAN = Duration.ofSeconds(20);
  private static final Duration BEGINNING = Duration.ofSeconds(5);

  private ConnectionAttack() {}

  public static void main(String[] arguments) throws InterruptedException {
    URI address = URI.create(arguments[1]);
    InetSocketAddress server = new InetSocketAddress(address.getHost(), address.getPort());
    Attackers attackers =
        new Attackers(server, Integer.parseInt(arguments[2]), arguments[0].equals("drip"));

    Others.ask(server, BEGINNING); // Warms up.
    tell("before", Others.ask(server, SPAN));
    Thread attack = Thread.ofPlatform().name("attackers").start(attackers);
    tell("as it begins", Others.ask(server, BEGINNING));
    tell("meanwhile", Others.ask(server, SPAN));
    tell("the attackers hold %d sockets".formatted(attackers.held()), "");
    attackers.end();
    attack.join();
    Thread.sleep(BEGINNING);
    tell("afterwards", Others.ask(server, SPAN));
  }

  private static void tell(String when, Object what) {
    System.out.println(when + ": " + what);
  }
}
