using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Reflection;
using System.Threading;

/// <summary>
/// The whole e-Reprov scenario with Mono's web services: scenario.exe CONTRACT CURRENT_FIBRE NEW_FIBRE.
/// The classes in lower case are what Mono's wsdl makes of the published WSDL; the service's address is in
/// them. A SOAP fault throws and so ends the run.
/// </summary>
public sealed class Scenario
{
    const string Login = "oc-demo";
    const string Password = "oc-demo";
    static readonly string[] Utilisations = { "Disponible", "Occupé", "Réservé" };
    static readonly string[] Constructions = { "A construire", "En construction", "Construite" };

    readonly eReprovService service = Connect(Password);
    readonly string contract, currentFibre, newFibre;

    /// <summary>A socket and where it is.</summary>
    sealed class Socket
    {
        public string Utilisation, Building, Staircase, Floor;
    }

    Scenario(string contract, string currentFibre, string newFibre)
    {
        this.contract = contract;
        this.currentFibre = currentFibre;
        this.newFibre = newFibre;
    }

    public static void Main(string[] arguments)
    {
        var scenario = new Scenario(arguments[0], arguments[1], arguments[2]);
        scenario.Read();
        scenario.RefusedPut();
        scenario.AcceptedPut();
        scenario.Follow();
        scenario.ReadAgain();
        var stranger = Connect("wrong").getSiteStructure(arguments[0]).enteteResponse;
        Expect("wrong password", Header(stranger),
            "KO|10000|Login/Password incorrect : vérifiez-les ; s'ils sont justes, contactez l'OI");
        var version = Type.GetType("Mono.Runtime")
            .GetMethod("GetDisplayName", BindingFlags.NonPublic | BindingFlags.Static).Invoke(null, null);
        Console.WriteLine("OK Mono " + version);
    }

    /// <summary>Mono sends the login only once it is asked for it.</summary>
    static eReprovService Connect(string password)
    {
        return new eReprovService { Credentials = new NetworkCredential(Login, password), Timeout = 30000 };
    }

    static void Check(bool condition, string message)
    {
        if (condition) return;
        Console.Error.WriteLine("FAILED mono: " + message);
        Environment.Exit(1);
    }

    static void Expect(string what, object got, object wanted)
    {
        Check(wanted.Equals(got), what + ": expected " + wanted + ", got " + got);
    }

    static void ExpectText(string what, string value)
    {
        Check(!string.IsNullOrEmpty(value), what + " is missing");
    }

    static string Header(enteteResponse header)
    {
        return header.statut + "|" + header.codeErreur + "|" + header.libelleErreur;
    }

    /// <summary>Mono leaves out an empty list.</summary>
    static IEnumerable<T> List<T>(T[] elements)
    {
        return elements ?? Enumerable.Empty<T>();
    }

    /// <summary>The sockets of the contract's site by reference.</summary>
    Dictionary<string, Socket> Structure()
    {
        var answer = service.getSiteStructure(contract);
        Expect("getSiteStructure", Header(answer.enteteResponse), "OK||");
        ExpectText("getSiteStructure: the site's reference", answer.site.reference);
        var sockets = new Dictionary<string, Socket>();
        foreach (var building in List(answer.site.batiment))
        foreach (var staircase in List(building.escalier))
        foreach (var floor in List(staircase.etage))
        foreach (var pto in List(floor.pto))
        {
            Check(Utilisations.Contains(pto.informationUtilisation), pto.reference + ": " + pto.informationUtilisation);
            Check(Constructions.Contains(pto.informationConstruction), pto.reference + ": " + pto.informationConstruction);
            sockets[pto.reference] = new Socket
            {
                Utilisation = pto.informationUtilisation,
                Building = building.reference,
                Staircase = staircase.reference,
                Floor = floor.reference,
            };
        }
        foreach (var fibre in new[] { currentFibre, newFibre })
            Check(sockets.ContainsKey(fibre), "getSiteStructure: no PTO " + fibre);
        return sockets;
    }

    /// <summary>Steps 1 and 2: the site's structure, and the routes of the new fibre's floor.</summary>
    void Read()
    {
        var sockets = Structure();
        Expect("the current fibre's PTO", sockets[currentFibre].Utilisation, "Occupé");
        var socket = sockets[newFibre];
        Expect("the new fibre's PTO", socket.Utilisation, "Disponible");

        var answer = service.getRoSite(contract, socket.Building, socket.Staircase, socket.Floor, null, null);
        Expect("getRoSite", Header(answer.enteteResponse), "OK||");
        var routes = List(answer.pbo).SelectMany(pbo => List(pbo.fibre)).Where(fibre => fibre.reference == newFibre).ToList();
        Expect("getRoSite: fibres " + newFibre, routes.Count, 1);
        ExpectText("getRoSite: informationCable", routes[0].informationCable);
        ExpectText("getRoSite: informationTube", routes[0].informationTube);
        ExpectText("getRoSite: informationFibre", routes[0].informationFibre);
        Expect("getRoSite: informationUtilisation", routes[0].informationUtilisation, "Disponible");
    }

    reprovisionningInitie Put(string fibre)
    {
        return service.putReprovisionning(contract, fibre, null, false, motif.Fibrecassée);
    }

    void RefusedPut()
    {
        var got = Header(Put(currentFibre).enteteResponse);
        Check(got.StartsWith("KO|20015|Opération non autorisée", StringComparison.Ordinal), "refused put: " + got);
    }

    void AcceptedPut()
    {
        var answer = Put(newFibre);
        Expect("accepted put", Header(answer.enteteResponse), "OK||");
        Expect("accepted put: contract", answer.contrat.reference, contract);
        var discharge = answer.contrat.codeDecharge ?? "";
        Check(discharge.Length >= 8, "accepted put: codeDecharge " + discharge);
        Check(answer.contrat.pm != null, "accepted put: no pm");
        Check(answer.contrat.fibre != null, "accepted put: no fibre");
    }

    void Follow()
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var answer = service.getReprovisionning(contract);
            Expect("getReprovisionning", Header(answer.enteteResponse), "OK||");
            var state = answer.contrat.reprovisionning.statut;
            if (state == "Terminé")
            {
                Expect("follow: fibre", answer.contrat.fibre.reference, newFibre);
                ExpectText("follow: the pm's reference", answer.contrat.pm.reference);
                ExpectText("follow: the pm's position", answer.contrat.pm.position);
                return;
            }
            Check(state == "Initié" || state == "En cours", "getReprovisionning: " + state);
            Check(waited.Elapsed.TotalSeconds < 30, "getReprovisionning: still " + state + " after 30 s");
            Thread.Sleep(100);
        }
    }

    /// <summary>The broken fibre is out of service, which the wire shows as occupied.</summary>
    void ReadAgain()
    {
        var sockets = Structure();
        foreach (var fibre in new[] { newFibre, currentFibre })
            Expect("afterwards: PTO " + fibre, sockets[fibre].Utilisation, "Occupé");
    }
}
