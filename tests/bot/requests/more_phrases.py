"""More of what people write in reply to a picture, and to the bot itself, one phrase a line."""

#: for the picture, beyond doubt
FOR_THE_PICTURE = tuple(
    """
as a stained glass window
as a children's book illustration please
as if it were made of lego
in the style of a 1920s poster
like a Rembrandt painting
make the sky orange and the sea green
make him taller
make her smile
make the cat fatter
make it rain
make it a bit warmer
make it look more like a photo
change her hair to blonde
change the sky to sunset
replace the tree with a lamp post
swap the red for blue
remove the person in the background
take out the watermark
erase the background
crop it tighter
zoom out a bit
rotate it 180
flip it
tilt the camera up
add a moon and some stars
add fireflies
give the dog sunglasses
put it in a forest
put him on a horse
turn her into an elf
turn it upside down
colorize it
desaturate it a little
sharper
softer light
more vibrant colors
less noise
no background
no people please
without the frame
with a full moon
with snow on the roof
in a dark alley
on the moon
at golden hour
from above
from behind
close-up
wide shot
low angle
top down view
same but with a red dress
same thing but in space
now as a sculpture
ok, now remove the glasses
great! now add some rain
amazing, but make the eyes blue
beautiful! bigger please
4x upscale
upscale to 4x
make it twice as big
very subtle, more blue
30%
0.65
strength 60%
--ar 9:16
--no hands --ar 1:1
a wolf --seed 9
--stylize 500
como um mosaico
como se fosse de lego
como desenho animado, forte
no estilo do Tarsila do Amaral
deixa o gato mais gordo
deixe o fundo preto
faz ela sorrir
faça chover
muda a cor do carro para verde
troca o cachorro por um gato
tira a pessoa do fundo
remove o fundo
apaga o texto
adiciona uma lua cheia
bota um chapéu nele
põe uma coroa na cabeça dela
coloca ele na praia
transforma ela em uma elfa
vira de cabeça para baixo
sem o chapéu
sem fundo
com neve no telhado
com mais luz
na lua
em uma floresta escura
de noite, com lua cheia
visto de cima
de perto
mais nítido
mais colorido
menos brilho
agora em preto e branco
legal! agora coloca óculos
ficou ótimo, mas deixa mais escuro
amplia 4x
aumenta pra mim
como un mosaico
como si fuera de lego
como dibujo animado, fuerte
al estilo de Frida Kahlo
haz que llueva
haz que el gato sea más gordo
haz el fondo negro
pon el fondo negro
ponle una corona
ponlo en la playa
cambia el color del coche a verde
cambia el perro por un gato
quita a la persona del fondo
quita el fondo
elimina el texto
borra el árbol
agrega una luna llena
añade nieve
conviértela en una elfa
gíralo
sin el sombrero
sin fondo
con nieve en el techo
con más luz
en la luna
en un bosque oscuro
de noche, con luna llena
visto desde arriba
más nítido
más colorido
menos brillo
ahora en blanco y negro
¡genial! ahora ponle gafas
me encanta, pero hazlo más oscuro
amplíala 4x
auméntala
in the style of Hokusai
as a Lego set, strong
as a cross-stitch pattern
like an old photograph
like a comic book cover
as though it was carved in wood
make the water calmer
make the lighting warmer
make the colors pop
make it autumn
make the mountain bigger
make him look angry
make her older
change the weather to rain
change his shirt to red
change the font colour to yellow
replace the background with a city
replace his hat with a crown
swap the cat for a fox
remove the shadows
remove the clouds from the sky
get rid of the text
take the glasses off
erase the people
add a rainbow
add a red scarf to the snowman
add more flowers in the foreground
add smoke coming out of the chimney
give her a sword
give the cat wings
put a boat on the lake
put the cat on a sofa
put them in space suits
turn the day into night
turn the apple into an orange
blur the edges
mirror it
rotate 90 degrees
lighten the background
increase the contrast
reduce the saturation
zoom in on his face
more dramatic lighting
more purple
less red
less cluttered
a bit less saturated
slightly darker
much brighter
without the border
without any text
with a beard
with a mountain in the background
with autumn leaves
in a snowy forest
in the desert at noon
in black and white with grain
in 3d
in oil
on a white background
at the beach
under a starry sky
from a low angle
seen from below
portrait view
pastel colours
neon colors
film grain
soft focus
pixel art, very strong
ok add a hat
and make it darker
now without the hat
wow, add a dragon behind her
perfect! now upscale it 4x
cool, now in watercolor
please remove the hat
could you please add a tree?
0,35
80%
subtle please
very strong
strength medium
--no text
a cat --ar 2:3
a cat on a mat, strong
como pintura a óleo
como um cartaz antigo
em estilo mangá
no estilo Van Gogh
em preto e branco com granulado
na floresta
no deserto ao meio-dia
num castelo
numa praia ao pôr do sol
com barba
com uma montanha ao fundo
sem bordas
sem as nuvens
mais dramático
mais roxo
menos vermelho
um pouco mais claro
bem mais escuro
coloca um barco no lago
coloque flores na frente
adicione fumaça na chaminé
adiciona mais luz
remova as sombras
tira o óculos dela
troca a camisa dele por uma vermelha
muda o céu para noturno
transforma a maçã em laranja
deixa a água mais calma
deixa ela mais velha
faz o céu ficar roxo
aumenta o contraste
diminui a saturação
desfoca as bordas
pinta o carro de azul
por favor, tira o chapéu
agora mais forte
lindo! agora de noite
como un cartel antiguo
como pintura al óleo
en estilo manga
al estilo Van Gogh
en el desierto al mediodía
en un castillo
en una playa al atardecer
con barba
con una montaña al fondo
sin bordes
sin las nubes
más dramático
más morado
menos rojo
mucho más oscuro
pon un barco en el lago
pon flores delante
añade humo en la chimenea
añade más luz
elimina las sombras
quítale los lentes
cambia su camisa por una roja
cambia el cielo a noche
convierte la manzana en naranja
haz el agua más tranquila
hazla más vieja
aumenta el contraste
reduce la saturación
desenfoca los bordes
pinta el coche de azul
por favor quita el sombrero
ahora más fuerte
¡precioso! ahora de noche
as a renaissance painting
as a polaroid
in claymation style
like a Pixar movie still
make the eyes bigger
make the castle look abandoned
make it less saturated
make it look like winter
make the background blurry
make her wear a kimono
turn him into a zombie
turn the sky red
change the season to autumn
change the dog to a wolf
replace the moon with a sun
replace the text with "hello"
remove the fence
remove her glasses
delete the person on the right
add a crown to the lion
add clouds
add some birds in the sky
add a bit of grain
give it a vintage look
give the robot a red cape
put him in a suit
put the house on a cliff
place a lamp on the table
paint the walls green
colour the hair blue
cover the ground with snow
fill the sky with stars
crop out the people
zoom in a bit
brighten the face
darken the edges
sharpen it
increase the brightness
lower the contrast
less yellow
more shadows
more fur
bluer sky
slightly warmer
much more detailed
without shadows
without her hat
with a rainbow in the sky
with red eyes
wearing a space suit
holding a sword
riding a bike
in a field of flowers
in the style of anime
in cyberpunk style
under the rain
at midnight
in sepia
in low poly
black background
green eyes
golden hour lighting
bird's eye view
close up
ok make it purple
nice! make the hat red
thank you, now without the hat
45%
strength: 0.6
more subtle please
upscale please
4x bigger
--ar 4:5 --no people
como uma foto antiga
como um personagem da Pixar
em estilo de quadrinhos
faz o olho dele maior
deixa com cara de inverno
deixa o fundo desfocado
transforma ele em um zumbi
muda o fundo para azul
troca a lua pelo sol
tira a cerca
tira os óculos dela
apaga a pessoa da direita
coloca uma coroa no leão
bota mais nuvens
adiciona uns pássaros no céu
dá um ar vintage
pinta as paredes de verde
aumenta o brilho
menos amarelo
mais sombras
olhos verdes
fundo preto
com arco-íris no céu
sem sombras
segurando uma espada
vestindo um terno
de noite com chuva
em um campo de flores
em sépia
vista aérea
agora mais claro
boa! agora em aquarela
como una foto antigua
como un personaje de Pixar
en estilo cómic
hazle los ojos más grandes
que parezca invierno
desenfoca el fondo
conviértelo en un zombi
cambia el fondo a azul
cambia la luna por el sol
quita la valla
borra a la persona de la derecha
ponle una corona al león
pon más nubes
añade pájaros en el cielo
dale un aire vintage
pinta las paredes de verde
aumenta el brillo
menos amarillo
más sombras
ojos verdes
fondo negro
con un arcoíris en el cielo
sin sombras
con una espada en la mano
vestido con un traje
de noche con lluvia
en un campo de flores
en sepia
ahora más claro
¡bien! ahora en acuarela
""".strip().splitlines()
)

#: praise, questions, talk between members
TALK = tuple(
    """
thanks a bunch!
ty!! exactly what I needed
omg this is so good
you nailed it
okay this one wins
I'm dying 😂
that's hilarious
my favourite so far
best one yet
10 out of 10
this deserves a frame
wallpaper material
new profile pic acquired
can I have the prompt?
could you send me the original?
how many steps did you use?
which model is that
is there a way to make it darker?
did you try it at night?
do you think it needs more contrast?
why does it look like a potato
wait, is that a cat or a dog
who is she?
are you going to print it?
what font is that
anyone else see a face in the clouds?
I see a face
it looks like my uncle
reminds me of Monet
it has too many fingers
the hands are cursed
the eyes creep me out
the background is a bit busy
too bright imo
a bit too dark tbh
not my style
I'm not a fan of the colours
I liked the blue one better
the first was better
Ana's was darker
yours is way better than mine
mine came out with three legs
I got the same yesterday
I always use watercolour
I usually add a hat
we used that style in school
he wanted it in blue
she'd love this as a poster
I'd buy this as a print
poor cat
good boy
what a fluffy boi
so fluffy
who's a good dog
happy new year
good luck everyone
see ya tomorrow
gotta go, dinner
at dinner, brb
on the train, will check later
in class rn
with my phone it looks different
as promised!
as requested
as you wish
as you can see it worked
in other words, perfect
in fact I prefer it
at least it has ears
without a doubt the best
no thanks
no idea
no worries
never mind
don't worry about it
give it a try Milo
make me one too
make love not war
take a look at this
take care
keep it
turn around lol
change my mind
add me
move on
put it on the fridge
set it as your avatar
paint me like one of your french girls
draw me like one of your french girls
🎉🎉
<3
:)
^^
???
k
fair
bruh
sheesh
W
valeu demais
muito top
que coisa linda
ficou show
ficou perfeito, obrigada
nossa que fofo
kkkkk morri
socorro kkkk
como faz isso?
me passa o prompt?
qual foi o prompt?
de onde é isso?
por que tem seis dedos?
tem como deixar mais escuro?
parece meu tio
lembra Monet
as mãos ficaram estranhas
o fundo ficou estranho
muito claro pro meu gosto
prefiro a primeira
a minha ficou mais escura
eu sempre uso aquarela
a gente fez um assim ontem
minha mãe vai amar
vou imprimir
na escola eu vejo
no trabalho agora
com certeza o melhor
sem palavras
sem comentários
até mais
boa noite gente
feliz ano novo
coitado do gato
que gato gordo
tira print
manda no grupo
coloca de papel de parede
faz um pra mim também
qué bonito quedó
quedó genial, gracias
está increíble
me muero 😂
ay qué lindo
jajaja qué es eso
¿cómo hiciste eso?
¿me pasas el prompt?
¿cuál es el prompt?
¿por qué tiene seis dedos?
¿se puede hacer más oscuro?
se parece a mi tío
me recuerda a Monet
las manos quedaron raras
el fondo está raro
demasiado claro para mí
prefiero la primera
la mía salió más oscura
yo siempre uso acuarela
ayer hicimos uno así
a mi madre le va a encantar
lo voy a imprimir
en clase ahora
en el trabajo, luego miro
con diferencia el mejor
sin palabras
nos vemos mañana
feliz año nuevo
pobre gato
qué gato tan gordo
hazme uno a mí también
ponlo de fondo de pantalla
pásalo al grupo
wow!!!
omg yes
so good omg
haha love this
dude this is sick
that's awesome Ana
looks amazing
looks so real
looks like a postcard
sounds good
good stuff
nice work
well done!
super cute
insanely good
crazy how good this is
how is this even possible
how do you get colours like that?
what settings?
what did you type?
what's the prompt
which seed was that
where can I find this model
when did you make this?
why is the sky green?
who's the artist?
is this ai or real
are those wings or leaves?
did it take long?
does anyone have the original
do you have it in blue?
can I repost this?
can someone make one with a dog?
could this be a t-shirt
should we use this one for the banner
would you sell it?
I'd like to see more of these
I want one
I want this on my wall
I need this
I can't even
I tried that with a hat and it failed
I think the sky should be purple
I thought it was a photo
I was at the beach yesterday
I'm at work
I'm going to bed
I'll be back at night
my phone died
my mom has that exact hat
my eyes
we need more of these
we saw it in the snow
you should try oil painting
you look like that lol
your best work
they made it darker
she has red hair too
he looks sad
it's too dark
it's so fluffy
it's giving renaissance
it looks off
its eyes are different colours
the left hand is weird
the shadow is wrong
the hat doesn't fit
the colors are off
this is art
this is the one
this made my day
that cat has seen things
those eyes
those colours though
these are all great
both are great
all of them are great
none of them has hands
none
maybe
maybe later
perhaps
probably
definitely
absolutely
for sure
of course
no doubt
no comment
no u
nope
not really
not yet
never seen that before
hello there
hey everyone
hi all
good evening
good morning from Brazil
gm
thanks for sharing
thank you for the picture
thanks in advance
many thanks
cheers mate
congrats
happy friday
rip
f
F in the chat
lmao what
wtf is that
hahaha the eyes
😂😂😂
❤️
👏👏
<:heart:123456789012345678>
@everyone look
check this out
look at the hands
look at this cat
guess what
guess who
tell me more
show me
send it to me
let me think
let it go
stop it
come here
call me later
see you
talk later
I give up
as if
as always great
as for me, I like it
in a way yes
in that case ok
in the meantime I'm cooking
on second thought nah
on my phone it's tiny
at first I thought it was a dog
with you
without words
make up your mind
make yourself at home
give me the link
give it up for Ana!
add that to the wiki
add it to favorites
keep up the pace
turn it off
turn the music down
change the subject
remove me from the list
que lindo ficou
que legal
que horror kkk
amei as cores
adorei o gato
muito bom mesmo
nossa senhora
caraca
carambaaa
ficou igual a mim
ficou com seis dedos
o gato ficou vesgo
o chapéu ficou torto
a luz está perfeita
essa é a melhor
gostei dessa
gostei da segunda
qual modelo você usou?
como você fez?
quanto tempo demorou?
onde baixa?
quem fez essa?
isso é ia?
posso usar?
pode me mandar?
eu quero uma dessas
eu faria mais escuro
eu tô na praia
tô no trabalho
vou na academia
minha filha ia amar
meu gato é assim
a gente se fala
bom dia grupo
boa tarde
valeu mano
obrigado de novo
tmj
sei lá
sei não
pois é
aham
não gostei muito
não entendi
nada a ver
com tudo
em breve
no caso sim
na verdade é um cachorro
de boa
qué guay
qué fuerte
qué miedo jaja
me gusta la luz
me encantan los colores
muy bueno
madre mía
quedó igual a mí
quedó con seis dedos
el gato quedó bizco
el sombrero está torcido
la luz está perfecta
esta es la mejor
me quedo con la segunda
¿cuánto tardó?
¿dónde se descarga?
¿es ia?
¿puedo usarlo?
¿me lo mandas?
yo quiero una de esas
yo lo haría más oscuro
estoy en la playa
voy al gimnasio
mi hija lo amaría
mi gato es así
hablamos luego
hasta luego
buenas
gracias de nuevo
ni idea
no sé
no entiendo
no me gusta mucho
nada que ver
en breve
en realidad es un perro
de locos
love this one
this is incredible
what a cutie
that turned out great
amazing detail on the fur
the colors are so pretty
so much better than mine
can't stop laughing
my favorite so far
you're so talented
nailed it
chef's kiss
pure magic
holy moly
that's a vibe
such a good boy
I need this as a sticker
this would look great on a mug
looks like my grandma
kinda creepy ngl
a bit scary tbh
not sure about the hands
the perspective is off
why is the cat blue
how come it has two tails
which model did this
what seed is that?
is that intentional?
do you sell prints?
does anybody know the artist?
did you use img2img?
who wants one?
anyone here from Brazil?
when is the next event
are you using the new version
was that with the old model?
can I see the original
could you share the settings
would love to see more
I'd love a version with a dog
I made something like this last week
I have the same hat
I used to have a cat like that
I was thinking of a darker one
I can't decide
I hate the background
I don't like the hat
I miss the old style
she's wearing my hat
he has no neck lol
they all look the same
it looks like a dog to me
it reminds me of winter
it's a bit blurry
it needs work
that's not a cat
that's too much
there's a dog in the background
there are two moons
here we go again
here's mine
oh no
oh wow
uh oh
ah nice
hmm interesting
eh
ok cool
okay thanks
yeah right
yes please
nah
same
mine too
me neither
both
number two is my favorite
3 is the best
second is better
first one for me
good night
good luck
happy halloween
congrats on the win
welcome back
brb dinner
back
at the gym
in the office today
on holiday
with the kids
as I said
as you like
in short, wow
in general yes
without me
let him cook
let's gooo
keep them coming
give this man a raise
take my money
put me in coach
turn around
add to cart
stop making me laugh
leave it as it is
don't touch it
please don't change it
please stop
please share the prompt
que fofura
que medo
que obra de arte
que isso kkkk
amei demais
gostei muito da luz
ficou top
ficou meio escuro
ficou estranho o olho
tá parecendo meu cachorro
esse gato é igual o meu
qual a seed?
como consegue essas cores?
por que ele tem duas caudas?
alguém sabe o modelo?
isso foi com qual versão?
quem quer um?
não gostei do chapéu
não sei qual escolher
prefiro sem chapéu
eu faria diferente
eu fiz um parecido ontem
minha vez
a primeira tá melhor
a dois é a melhor
boa sorte
feliz natal
bem vindo
já volto
na academia
com as crianças
de férias
como eu disse
em resumo, uau
deixa como está
não mexe
para com isso
qué ternura
qué miedo
qué obra de arte
me encantó
me gusta mucho la luz
quedó de diez
quedó un poco oscuro
le quedó raro el ojo
se parece a mi perro
ese gato es igual al mío
¿cuál es la semilla?
¿cómo consigues esos colores?
¿por qué tiene dos colas?
¿alguien sabe el modelo?
¿quién quiere uno?
no me gustó el sombrero
no sé cuál elegir
prefiero sin sombrero
yo lo haría diferente
hice uno parecido ayer
mi turno
la primera está mejor
la dos es la mejor
buena suerte
feliz navidad
bienvenido
ahora vuelvo
en el gimnasio
con los niños
de vacaciones
como dije
en resumen, guau
déjalo así
no lo toques
para ya
""".strip().splitlines()
)

#: may be either
EITHER = tuple(
    """
a wizard
two cats
a lighthouse in a storm
purple
what about a hat?
maybe with a hat
I want a hat on it
could you make it darker?
can you remove the hat?
how about in winter?
another
a bit more
uma bruxa
dois gatos
um farol
e com chapéu?
que tal no inverno?
quero com chapéu
pode tirar o chapéu?
podia ser de noite
falta um chapéu
una bruja
dos gatos
un faro
¿y con sombrero?
¿qué tal en invierno?
quiero que tenga sombrero
¿puedes quitar el sombrero?
podría ser de noche
le falta un sombrero
a knight on a horse
three red apples
green
sunset
sad
what about winter?
what if she had wings?
how about a red background?
can you add a hat?
would you make it darker?
I'd like it darker
I want a hat
again please
another one please
maybe in blue?
and with a hat?
in blue?
um cavaleiro
três maçãs
verde
e se tivesse asas?
que tal um fundo vermelho?
você pode colocar um chapéu?
dá pra colocar um chapéu?
queria mais escuro
mais uma
un caballero
tres manzanas
¿y si tuviera alas?
¿qué tal un fondo rojo?
¿puedes poner un sombrero?
quisiera más oscuro
una más
""".strip().splitlines()
)

#: to the bot itself, and nothing to draw
TO_THE_BOT = tuple(
    """
hello
hi there
hey Criar
good morning!
thanks!
thank you so much
thanks, that was great
you're awesome
good bot
bad bot
lol
what can you do?
what can you do
how do you work?
how does this work
who made you?
are you a bot?
are you there?
can you help me?
help me
help please
how much does it cost?
how many pictures do I have left?
what's my quota
why is it so slow?
is it free?
what models do you have?
test
ping
ok
yes
no
cool
nice one
I love you
oi
oi tudo bem?
bom dia
obrigado!
valeu
o que você sabe fazer?
o que você faz?
como funciona?
como funciona isso
quem te criou?
você é um robô?
me ajuda
ajuda
quantas imagens eu tenho?
quanto custa?
por que está lento?
hola
hola, ¿qué tal?
buenos días
gracias!
¿qué sabes hacer?
qué puedes hacer
¿cómo funciona?
cómo funciona esto
¿quién te creó?
¿eres un bot?
ayúdame
ayuda
¿cuántas imágenes me quedan?
¿cuánto cuesta?
""".strip().splitlines()
)

#: to draw, though some of it sounds like talk
PROMPTS = tuple(
    """
a red apple
an astronaut riding a horse
a cat that looks like a king
what a cat would look like as a king
a house where nobody lives
the house I grew up in
me as a superhero
my dog in space
a question mark
a man who sold the world
you are here sign
a robot saying hello
happy birthday card with a cat
a portrait of my mother when she was young
help wanted sign
a beautiful sunset
nice houses on a hill
can you draw a cat?
could you make me a castle
please draw a dog
make a picture of a lighthouse
draw me a sheep
I want a picture of a dragon
show me a forest at night
um gato
um gato que parece um rei
minha mãe quando era jovem
desenha um dragão
faz um castelo pra mim
quero um cachorro de chapéu
você pode desenhar um gato?
uma casa onde ninguém mora
como seria um gato rei
un gato
un gato que parece un rey
mi perro en el espacio
dibújame un cordero
hazme un castillo
quiero un perro con sombrero
¿puedes dibujar un gato?
una casa donde nadie vive
""".strip().splitlines()
)
